"""The program with one changed file of the web hosts: Nginx sends another header."""

import runpy
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
BEFORE, AFTER = "X-Frame-Options SAMEORIGIN", "X-Frame-Options DENY"

sys.path.insert(0, str(CHECKOUT))

from hosts import bundle
from hosts.roles import HostRole
from hosts.values import HostValues

as_committed = bundle.rendered


def changed(role: HostRole, values: HostValues) -> dict[str, str]:
    """The files of the bundle, with another header."""
    return {path: text.replace(BEFORE, AFTER) for path, text in as_committed(role, values).items()}


bundle.rendered = changed
runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")
