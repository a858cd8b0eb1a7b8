"""What the tests of the emulated AWS agree on."""

from collections.abc import Callable
from typing import Any

# Not the account that moto assumes.
ACCOUNT = "210987654321"
REGION = "eu-central-1"
OTHER_REGION = "eu-west-1"
Clients = Callable[..., Any]
Control = Callable[..., Any]
