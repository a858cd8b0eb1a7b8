"""The ports that the platform's parts listen on."""

from __future__ import annotations

SSH = 22
HTTP = 80
HTTPS = 443
DATABASE = 3306
CACHE = 6379
MAIL = 587
