"""Download this host's release, verify its checksum, and make it the current one."""

import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import boto3

HOME = Path("/srv/askproai")
WRITABLE = ("storage", "bootstrap/cache")
"""Where Laravel writes in its own folder (Laravel documentation, "Deployment")."""


def fetch(version: str, bucket: str, home: Path, owner: str) -> Path:
    """Unpack the release below `home` and return its folder; an existing folder is complete.

    `owner` is the user of the application. Raises ValueError if the checksum of the archive is wrong.
    """
    target = home / "releases" / version
    if target.is_dir():
        return target
    s3 = boto3.client("s3")
    key = f"releases/{version}.tar.gz"
    with tempfile.TemporaryDirectory(dir=home) as folder:
        archive = Path(folder, "release.tar.gz")
        s3.download_file(bucket, key, str(archive))
        wanted = s3.get_object(Bucket=bucket, Key=f"{key}.sha256")["Body"].read().decode().split()[0]
        with archive.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != wanted:
            raise ValueError(f"{key} has the SHA-256 {found}; its checksum file says {wanted}")
        unpacked = Path(folder, "release")
        with tarfile.open(archive) as files:
            # Refuses members that would be written outside the folder.
            files.extractall(unpacked, filter="data")
        unpacked.chmod(0o755)
        for place in WRITABLE:
            _hand_over(unpacked / place, owner)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: a killed process leaves no partial release.
        unpacked.rename(target)
    return target


def make_current(release: Path, home: Path) -> None:
    """Point `current` at the release, in one step."""
    link = home / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(release)
    link.replace(home / "current")


def _hand_over(folder: Path, owner: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, owner, owner)


if __name__ == "__main__":
    release_version = os.environ["ASKPROAI_RELEASE"]
    if release_version:
        fetched = fetch(release_version, os.environ["ASKPROAI_BUCKET_RELEASES"], HOME, os.environ["ASKPROAI_USER"])
        make_current(fetched, HOME)
    else:
        print("no release is set for this host")
