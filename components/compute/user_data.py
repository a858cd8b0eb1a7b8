"""The user data of an instance: the cloud-init file of its role under `hosts/`."""

import base64
from pathlib import Path

HOSTS = Path(__file__).parents[2] / "hosts"
LIMIT_BYTES = 16 * 1024
"""EC2's limit, before encoding."""


def user_data(role: str) -> str:
    """The cloud-init file of `role`, encoded for a launch template. Users of the instance can read it: no secrets.

    Raises ValueError when the file is larger than EC2 accepts.
    """
    path = HOSTS / role / "cloud-config.yaml"
    text = path.read_bytes()
    if len(text) > LIMIT_BYTES:
        raise ValueError(f"{path} has {len(text)} bytes; EC2 accepts {LIMIT_BYTES}: let it fetch the rest from S3")
    return base64.b64encode(text).decode()
