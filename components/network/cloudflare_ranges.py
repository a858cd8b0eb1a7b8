"""Cloudflare's addresses towards origins, as published at https://www.cloudflare.com/ips-v4 (list of 2023-09-28).

Cloudflare announces a change months ahead, at https://developers.cloudflare.com/fundamentals/concepts/cloudflare-ip-addresses/.
The load balancer has no IPv6 address, so the ranges at https://www.cloudflare.com/ips-v6 are not needed.
"""

from __future__ import annotations

CLOUDFLARE_RANGES = (
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
)
