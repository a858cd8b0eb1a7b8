"""A release in a region's bucket: the archive and its checksum, as hosts fetch them when they start."""

import hashlib
import re

from ops.core.aws import client, errors, if_present
from ops.core.pair import RegionStack
from ops.errors import one_line
from settings.shapes import RELEASE

FOLDER = "releases/"
ENDING = ".tar.gz"
SUM_ENDING = ".sha256"
SHA256 = re.compile(r"[0-9a-f]{64}")
CHUNK_BYTES = 1024 * 1024


def key(version: str) -> str:
    """The archive's key; its checksum file is beside it (`hosts/common/usr/local/lib/askproai/fetch_release.py`)."""
    return f"{FOLDER}{version}{ENDING}"


def bucket(stack: RegionStack) -> str:
    """The releases bucket that the region's hosts read."""
    return str(stack.output("bucket_names")["releases"])


def is_version(version: str) -> bool:
    """Whether a stack file takes it as a release."""
    return bool(version) and RELEASE.fullmatch(version) is not None


def problem(stack: RegionStack, version: str) -> str:
    """Why the region's hosts could not run the release, empty where they can."""
    if not is_version(version):
        return f"'{version}' is not a release; want up to 64 letters, digits, dots, pluses and hyphens"
    place = f"{bucket(stack)}/{key(version)}"
    try:
        wanted = _read(stack, f"{key(version)}{SUM_ENDING}")
        found = _hashed(stack, version)
    except errors() as error:
        return f"release {version} could not be read in {stack.region}: {one_line(error)[:160]}"
    if found is None:
        return f"release {version} is not in {stack.region}: there is no {place}"
    if wanted is None:
        return f"release {version} has no checksum in {stack.region}: there is no {place}{SUM_ENDING}"
    first = (wanted.split() or [""])[0]
    if not SHA256.fullmatch(first):
        return f"{place}{SUM_ENDING} is not a checksum; want 64 hexadecimal digits, as sha256sum writes them"
    return "" if found == first else f"{place} has the SHA-256 {found}; its checksum file says {first}"


def checksum(stack: RegionStack, version: str) -> str:
    """The checksum that the region's bucket has for a release, empty without one."""
    return ((_read(stack, f"{key(version)}{SUM_ENDING}") or "").split() or [""])[0]


def versions(stack: RegionStack) -> list[str]:
    """The releases whose archive and checksum are in the region, the newest last."""
    pages = client("s3", stack.region).get_paginator("list_objects_v2").paginate(Bucket=bucket(stack), Prefix=FOLDER)
    there = {row["Key"]: row["LastModified"] for page in pages for row in page.get("Contents", [])}
    archives = sorted((moment, name) for name, moment in there.items() if name.endswith(ENDING))
    return [name.removeprefix(FOLDER).removesuffix(ENDING) for _, name in archives if f"{name}{SUM_ENDING}" in there]


def _read(stack: RegionStack, name: str) -> str | None:
    s3 = client("s3", stack.region)
    answer = if_present(lambda: s3.get_object(Bucket=bucket(stack), Key=name))
    return None if answer is None else answer["Body"].read(CHUNK_BYTES).decode(errors="replace")


def _hashed(stack: RegionStack, version: str) -> str | None:
    s3 = client("s3", stack.region)
    answer = if_present(lambda: s3.get_object(Bucket=bucket(stack), Key=key(version)))
    if answer is None:
        return None
    digest = hashlib.sha256()
    for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
