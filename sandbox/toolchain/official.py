"""Whether this machine has Pulumi's own engine and can download its own plugins (standard library only)."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.project.paths import Paths
from sandbox.toolchain.steps import Step, end_group

VERSION_SECONDS = 5.0
FIRST_BYTE_SECONDS = 8.0
SILENCE_SECONDS = 30.0


def find_official(paths: Paths, plugins: Mapping[str, str], step: Step) -> Path | None:
    """The official engine, with the resource plugins installed, or None if either is not available quickly."""
    engine = official_engine(paths)
    if engine is None:
        return None
    for name, version in plugins.items():
        step.say(f"found {engine}; asking it for its plugin {name} {version}")
        if not _install(engine, name, version, paths):
            step.say(f"its plugin {name} {version} cannot be downloaded here")
            return None
    return engine


def official_engine(paths: Paths) -> Path | None:
    """The `pulumi` on the PATH, unless it is the sandbox's own."""
    folders = [folder for folder in os.get_exec_path() if not Path(folder).resolve().is_relative_to(paths.home)]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    if found is None:
        return None
    try:
        answer = subprocess.run(
            [found, "version"], env=_environment(paths), capture_output=True, timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found).resolve() if answer.returncode == 0 else None


def _install(engine: Path, name: str, version: str, paths: Paths) -> bool:
    """Download a plugin; gives up as soon as nothing arrives, however long an active download takes."""
    with tempfile.TemporaryDirectory() as arrivals:
        process = subprocess.Popen(
            [engine, "plugin", "install", "resource", name, f"v{version}"],
            env={**_environment(paths), "TMPDIR": arrivals},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return _wait_while_busy(process, (Path(arrivals), paths.pulumi_home / "plugins"))
        finally:
            end_group(process)


def _wait_while_busy(process: "subprocess.Popen[bytes]", folders: tuple[Path, ...]) -> bool:
    """Whether the process succeeds; gives up when the folders stop growing."""
    arrived = _size(folders)
    deadline = time.monotonic() + FIRST_BYTE_SECONDS
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
        size = _size(folders)
        if size > arrived:
            arrived, deadline = size, time.monotonic() + SILENCE_SECONDS
    return process.returncode == 0


def _size(folders: tuple[Path, ...]) -> int:
    return sum(file.lstat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())


def _environment(paths: Paths) -> dict[str, str]:
    return {**os.environ, "PULUMI_HOME": str(paths.pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
