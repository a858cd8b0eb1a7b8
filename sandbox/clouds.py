"""The emulated clouds, and the states that describe them: a state outlives the memory of its cloud."""

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

from sandbox import processes, project
from sandbox.paths import Paths, write_private
from sandbox.processes import KINDS, Server

LOST_STATES_KEPT = 5


def start(paths: Paths) -> tuple[dict[str, Server], list[str]]:
    """Every cloud, started where it was not running, and the names of those that were started."""
    present = project.stacks(paths)
    account = project.setting(paths, present[0], "account_id") if present else None
    arguments = ["--account", str(account)] if account else []
    servers: dict[str, Server] = {}
    fresh = []
    for kind in KINDS:
        found = processes.running(paths, kind)
        if found is None:
            fresh.append(kind.name)
        servers[kind.name] = found or processes.start(paths, kind, arguments)
    return servers, fresh


def stop(paths: Paths, names: list[str] | None = None) -> list[str]:
    """End the named clouds, all without names; the titles of those that ran."""
    return [kind.title for kind in KINDS if (names is None or kind.name in names) and processes.stop(paths, kind)]


def forget_lost_states(paths: Paths, servers: dict[str, Server]) -> str | None:
    """Move the states away where a cloud they describe has lost its memory; what was done, if anything."""
    record = paths.run / "described.json"
    instances = {name: server.instance for name, server in servers.items()}
    described = None
    with suppress(OSError, ValueError):
        described = json.loads(record.read_text())
    if described == instances:
        return None
    kept = move_states_away(paths)
    write_private(record, json.dumps(instances))
    if kept is None:
        return None
    return f"the emulated cloud was restarted and is empty: starting from an empty stack (old state in {kept})"


def move_states_away(paths: Paths) -> Path | None:
    """Empty the state backend; where the old states went, None where there were none."""
    if not any((paths.state / ".pulumi" / "stacks").rglob("*.json")):
        return None
    target = paths.lost_states / time.strftime("%Y%m%d-%H%M%S")
    target.parent.mkdir(parents=True, exist_ok=True)
    paths.state.rename(target)
    paths.state.mkdir()
    for old in sorted(paths.lost_states.iterdir())[:-LOST_STATES_KEPT]:
        shutil.rmtree(old)
    return target


def cut_off(paths: Paths) -> bool:
    """Whether a change was killed in the middle, so that state and cloud no longer agree."""
    return any(_pending(file) for file in _states(paths).values()) and not _locked_by_living(paths)


def release_dead_locks(paths: Paths) -> None:
    """Remove the locks of engines that were killed."""
    for lock in (paths.state / ".pulumi" / "locks").rglob("*.json"):
        if not _lock_holder_lives(lock):
            lock.unlink(missing_ok=True)


def resources(paths: Paths, stack: str) -> int:
    """How many resources a stack's state holds."""
    file = _states(paths).get(stack)
    return len(_latest(file).get("resources") or []) if file else 0


def initialised(paths: Paths, stack: str) -> bool:
    """Whether the backend has the stack."""
    return stack in _states(paths)


def _states(paths: Paths) -> dict[str, Path]:
    """The state files by stack."""
    folder = paths.state / ".pulumi" / "stacks" / project.project_name(paths)
    return {file.stem: file for file in folder.glob("*.json")}


def _pending(file: Path) -> bool:
    return bool(_latest(file).get("pending_operations"))


def _latest(file: Path) -> dict[str, list[object]]:
    with suppress(OSError, ValueError):
        return json.loads(file.read_text())["checkpoint"].get("latest") or {}
    return {}


def _locked_by_living(paths: Paths) -> bool:
    return any(_lock_holder_lives(lock) for lock in (paths.state / ".pulumi" / "locks").rglob("*.json"))


def _lock_holder_lives(lock: Path) -> bool:
    with suppress(OSError, ValueError, KeyError, psutil.Error):
        return psutil.Process(json.loads(lock.read_text())["pid"]).name().startswith("pulumi")
    return False
