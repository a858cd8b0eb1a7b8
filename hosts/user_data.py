"""The user data of an instance: it writes the host's environment, downloads the bundle of its role, and applies it."""

import re
import shlex
from collections.abc import Mapping

from hosts.bundle import HOSTS, TEMPLATES

LIMIT_BYTES = 16 * 1024
"""EC2's limit, before encoding (EC2 User Guide, "User data")."""
PLAIN = re.compile(r"[\w.:/@+=,-]*")
"""Characters that mean the same to a shell, to systemd and to Laravel without quotes."""


def user_data(*, bucket: str, key: str, sha256: str, region: str, environment: Mapping[str, str]) -> str:
    """A script for cloud-init, without secrets, because the instance's users can read it.

    `environment` becomes /etc/askproai/host.env. Raises ValueError for a value that would need quotes, and for a script
    that is too large for EC2.
    """
    quoted = [name for name, value in environment.items() if not PLAIN.fullmatch(value)]
    if quoted:
        raise ValueError(f"host.env: the values of {', '.join(quoted)} would need quotes")
    text = TEMPLATES.from_string((HOSTS / "user_data.sh").read_text()).render(
        environment=environment,
        bucket=shlex.quote(bucket),
        key=shlex.quote(key),
        sha256=shlex.quote(sha256),
        region=shlex.quote(region),
    )
    size = len(text.encode())
    if size > LIMIT_BYTES:
        raise ValueError(f"the user data has {size} bytes; EC2 accepts {LIMIT_BYTES}: move some of it into the bundle")
    return text
