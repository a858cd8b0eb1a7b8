"""A release in a region's bucket: the archive and its checksum, as hosts download them when they start."""

import hashlib
import re
from typing import Any

from ops.core.aws import client, errors, if_present, rows
from ops.core.pair import RegionStack
from ops.errors import one_line
from settings.shapes import RELEASE

FOLDER = "releases/"
ENDING = ".tar.gz"
SUM_ENDING = ".sha256"
SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 1024
"""The content of a checksum file."""


def key(version: str) -> str:
    """The archive's key; its checksum file is beside it (`hosts/common/usr/local/lib/askproai/fetch_release.py`)."""
    return f"{FOLDER}{version}{ENDING}"


def bucket(stack: RegionStack) -> str:
    """The releases bucket that the region's hosts read."""
    return str(stack.output("bucket_names")["releases"])


def problem(stack: RegionStack, version: str) -> str:
    """Why the region's hosts cannot run the release; empty if they can."""
    if not version or not RELEASE.fullmatch(version):
        return f"'{version}' is not a release; want up to 64 letters, digits, dots, pluses and hyphens"
    place = f"{bucket(stack)}/{key(version)}"
    try:
        wanted, archive = checksum(stack, version), _opened(stack, key(version))
        found = None if archive is None else hashlib.file_digest(archive, "sha256").hexdigest()
    except errors() as error:
        return f"release {version} could not be read in {stack.region}: {one_line(error)[:160]}"
    if found is None:
        return f"release {version} is not in {stack.region}: there is no {place}"
    if wanted is None:
        return f"release {version} has no checksum in {stack.region}: there is no {place}{SUM_ENDING}"
    if not SHA256.fullmatch(wanted):
        return f"{place}{SUM_ENDING} is not a checksum; want 64 hexadecimal digits, as sha256sum writes them"
    return "" if found == wanted else f"{place} has the SHA-256 {found}; its checksum file says {wanted}"


def checksum(stack: RegionStack, version: str) -> str | None:
    """The checksum that the region's bucket has for a release, None without one."""
    found = _opened(stack, f"{key(version)}{SUM_ENDING}")
    return None if found is None else (found.read(MOST_BYTES).decode(errors="replace").split() or [""])[0]


def versions(stack: RegionStack) -> list[str]:
    """The releases whose archive and checksum are in the region, the newest last."""
    found = rows(client("s3", stack.region), "list_objects_v2", Bucket=bucket(stack), Prefix=FOLDER)
    there = {row["Key"]: row["LastModified"] for row in found}
    archives = sorted((moment, name) for name, moment in there.items() if name.endswith(ENDING))
    return [name.removeprefix(FOLDER).removesuffix(ENDING) for _, name in archives if f"{name}{SUM_ENDING}" in there]


def _opened(stack: RegionStack, name: str) -> Any:
    answer = if_present(lambda: client("s3", stack.region).get_object(Bucket=bucket(stack), Key=name))
    return answer and answer["Body"]
