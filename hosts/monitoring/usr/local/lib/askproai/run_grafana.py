"""Download Grafana, which no package archive has, verify its checksum, and exec it."""

import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

CONFIGURATION = "/etc/grafana/grafana.ini"
TIMEOUT_SECONDS = 60


def fetch(url: str, sha256: str, state: Path) -> Path:
    """Unpack the archive below `state` and return its folder; an existing folder is complete.

    Raises ValueError if the checksum of the archive is wrong, or if it is not Grafana's.
    """
    target = state / sha256
    if target.is_dir():
        return target
    # Others are former versions, or leftovers of an interrupted start.
    for old in (path for path in state.iterdir() if path.is_dir() and path.name != "data"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=state) as folder:
        archive = Path(folder, "grafana.tar.gz")
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, archive.open("wb") as file:
            shutil.copyfileobj(answer, file)
        with archive.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != sha256:
            raise ValueError(f"{url} has the SHA-256 {found}; monitoring.grafana says {sha256}")
        unpacked = Path(folder, "unpacked")
        with tarfile.open(archive) as files:
            # Refuses members that would be written outside the folder.
            files.extractall(unpacked, filter="data")
        programs = [*unpacked.glob("*/bin/grafana")]
        if len(programs) != 1:
            raise ValueError(f"{url} has not one folder with bin/grafana in it: want the standalone Linux binaries")
        # Renamed when complete: a killed process leaves no partial program.
        programs[0].parents[1].rename(target)
    return target


def command(home: Path, data: Path) -> list[str]:
    """How Grafana is started (Grafana documentation, "Start the Grafana server", "Standalone binary")."""
    paths = [f"cfg:default.paths.data={data}", f"cfg:default.paths.plugins={data / 'plugins'}"]
    return [str(home / "bin" / "grafana"), "server", f"--homepath={home}", f"--config={CONFIGURATION}", *paths]


if __name__ == "__main__":
    own = Path(os.environ["STATE_DIRECTORY"])
    try:
        program = fetch(os.environ["ASKPROAI_GRAFANA_URL"], os.environ["ASKPROAI_GRAFANA_SHA256"], own)
    except (OSError, ValueError, tarfile.TarError) as error:
        sys.exit(f"Grafana is not installed: {error}")
    started = command(program, own / "data")
    os.execv(started[0], started)
