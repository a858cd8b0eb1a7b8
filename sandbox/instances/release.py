"""A release of the sandbox's Laravel application, packed and published as the application's CI would do it."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

RELEASE = "1.0.0"
"""The version of the sandbox's application."""
APPLICATION = Path(__file__).parent / "application"


def pack() -> bytes:
    """The archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(APPLICATION.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                member = tarfile.TarInfo(path.relative_to(APPLICATION).as_posix())
                member.size = len(content)
                member.mode = 0o755 if content.startswith(b"#!") else 0o644
                archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def publish(s3: Any, bucket: str, version: str) -> str:
    """Upload the archive and its checksum to the releases bucket. Returns the checksum (SHA-256)."""
    archive = pack()
    digest = hashlib.sha256(archive).hexdigest()
    key = f"releases/{version}.tar.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=archive)
    s3.put_object(Bucket=bucket, Key=f"{key}.sha256", Body=f"{digest}  {version}.tar.gz\n".encode())
    return digest
