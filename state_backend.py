"""The location of the engine's state, and whether the stack files name another one: for the program and for `ops`."""

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from project_files import PROJECT_FILE, UnreadableFileError, read

KEY = re.compile(r"^secretsprovider: *[\"']?awskms://\S*[?&]region=([a-z0-9-]+)", re.MULTILINE)
"""The region of the key in a stack file, as `ops bootstrap` writes it."""


def backend_url(project: Path) -> str:
    """The state backend, found as the engine finds it: the environment, Pulumi.yaml, then the last `pulumi login`.

    Empty if nobody has logged in.
    """
    if given := os.environ.get("PULUMI_BACKEND_URL"):
        return given
    with suppress(UnreadableFileError, AttributeError):
        if url := (read(project / PROJECT_FILE).get("backend") or {}).get("url"):
            return str(url)
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads((home / "credentials.json").read_text())["current"])
    return ""


def backend_region(project: Path) -> str | None:
    """The region of the state backend, if its URL contains one."""
    return next(iter(parse_qs(urlsplit(backend_url(project)).query).get("region", [])), None)


def older_backend(project: Path, files: Iterable[Path]) -> str:
    """A message if the stack files name a key of the state in another region than the backend's; else empty.

    `ops recover --backend-copy` changes that key; since then, the state in the backend's own region is stale.
    """
    region = backend_region(project)
    if not region:
        return ""
    named = {found[1] for file in files if (found := KEY.search(file.read_text()))}
    if not named or region in named:
        return ""
    return (
        f"the state backend is in {region}, and the stack files say that the state is in {', '.join(sorted(named))}: "
        "set PULUMI_BACKEND_URL as `ops recover --backend-copy` said, or `ops recover --backend-home` if all regions "
        "answer"
    )
