"""The emulated clouds, and the states that describe them: states are on disk, clouds only in memory."""

import json
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from sandbox.project import project
from sandbox.project.isolated import official
from sandbox.project.paths import Paths, write_private
from sandbox.servers import processes
from sandbox.servers.processes import APPLICATION, AWS, KINDS, Kind, Server

LOST_STATES_KEPT = 5


def start(paths: Paths) -> tuple[dict[str, Server], list[str]]:
    """Every server, started if it was not running, and the names of those that were started.

    Stacks refer to each other's resources: if one cloud has lost its memory, all start empty.
    """
    found = {kind.name: processes.running(paths, kind) for kind in KINDS}
    if any(found[kind.name] is None for kind in KINDS if kind.described):
        stop(paths)
        found = dict.fromkeys(found)
    servers: dict[str, Server] = {}
    fresh = []
    for kind in KINDS:
        server = found.get(kind.name)
        if server is None:
            server = processes.start(paths, kind, arguments(paths, kind, servers))
            fresh.append(kind.name)
        servers[kind.name] = server
    return servers, fresh


def arguments(paths: Paths, kind: Kind, servers: Mapping[str, Server]) -> list[str]:
    """The arguments of a server: values from the stacks, and addresses of earlier servers."""
    if kind == AWS:
        return _repeated("--account", _settings(paths, "account_id")[:1])
    if kind == APPLICATION:
        return ["--aws", servers[AWS.name].url, *_repeated("--region", _settings(paths, "region"))]
    zones = [
        f"{zone}={project.setting(paths, stack, 'domain')}"
        for stack in project.stacks(paths)
        if (zone := project.setting(paths, stack, "zone_id"))
    ]
    account = _repeated("--account", _settings(paths, "cloudflare_account_id")[:1])
    record = str(processes.record(paths, APPLICATION))
    return ["--application-record", record, *account, *_repeated("--zone", zones)]


def _settings(paths: Paths, key: str) -> list[str]:
    """The values of a setting in all stacks that have it."""
    values = (project.setting(paths, stack, key) for stack in project.stacks(paths))
    return [str(value) for value in values if value]


def _repeated(option: str, values: list[str]) -> list[str]:
    return [argument for value in values for argument in (option, value)]


def stop(paths: Paths, names: list[str] | None = None) -> list[str]:
    """Stop the named servers, or all. Returns the titles of those that ran."""
    return [kind.title for kind in KINDS if (names is None or kind.name in names) and processes.stop(paths, kind)]


def stop_for_other_plugins(paths: Paths) -> list[str]:
    """Stop the clouds if other plugins wrote the states, which are then deleted with the clouds' content: Cloudflare's
    own plugin cannot read the replacement's states. Returns the titles of those that ran.
    """
    record = paths.run / "plugins"
    used = str(official(paths) or "stand-ins")
    former = record.read_text() if record.is_file() else used
    stopped = stop(paths) if former != used else []
    write_private(record, used)
    return stopped


def forget_lost_states(paths: Paths, servers: Mapping[str, Server]) -> list[str]:
    """If a cloud has lost its memory, move away the states that describe it, and undo what operations wrote into the
    overlay. Returns what was done, one line each.
    """
    record = paths.run / "described.json"
    instances = {kind.name: servers[kind.name].instance for kind in KINDS if kind.described and kind.name in servers}
    described = None
    with suppress(OSError, ValueError):
        described = json.loads(record.read_text())
    if described == instances:
        return []
    done = []
    if _states(paths):
        # The overlay comes first: if this is killed in between, the next start repeats it.
        if files := project.start_over(paths):
            done.append(f"what was set in the sandbox alone is forgotten: {', '.join(files)} as committed")
        kept = move_states_away(paths)
        done.insert(0, f"the emulated clouds are empty: starting from empty stacks (old states in {kept})")
    write_private(record, json.dumps(instances))
    return done


def move_states_away(paths: Paths) -> Path | None:
    """Empty the state backend. Returns the folder to which the old states were moved, None if there were none."""
    if not any((paths.state / ".pulumi" / "stacks").rglob("*.json")):
        return None
    target = paths.lost_states / time.strftime("%Y%m%d-%H%M%S")
    target.parent.mkdir(parents=True, exist_ok=True)
    paths.state.rename(target)
    paths.state.mkdir()
    for old in sorted(paths.lost_states.iterdir())[:-LOST_STATES_KEPT]:
        shutil.rmtree(old)
    return target


def cut_off(paths: Paths) -> list[str]:
    """The stacks whose state may differ from their cloud: an update was killed, or the file is damaged."""
    if _locked_by_living(paths):
        return []
    return sorted(stack for stack, file in _states(paths).items() if _pending(file))


def release_dead_locks(paths: Paths) -> None:
    """Remove the locks of engines that were killed."""
    for lock in _locks(paths):
        if not _lock_holder_lives(lock):
            lock.unlink(missing_ok=True)


def resources(paths: Paths, stack: str) -> int:
    """The number of resources in a stack's state."""
    file = _states(paths).get(stack)
    return len((_latest(file) or {}).get("resources") or []) if file else 0


def initialised(paths: Paths, stack: str) -> bool:
    """Whether the backend has the stack, or had it and lost its state, which `ops recover` restores."""
    return stack in _states(paths)


def _states(paths: Paths) -> dict[str, Path]:
    """The state files by stack, including lost ones for which the engine has a backup."""
    folder = paths.state / ".pulumi" / "stacks" / project.project_name(paths)
    # `pulumi stack rm` leaves a backup too, one without resources.
    backups = [file for file in folder.glob("*.json.bak") if (_latest(file) or {}).get("resources")]
    states = [*folder.glob("*.json"), *(file.with_suffix("") for file in backups)]
    return {file.stem: file for file in states}


def _pending(file: Path) -> bool:
    latest = _latest(file)
    return latest is None or bool(latest.get("pending_operations"))


def _latest(file: Path) -> dict[str, list[object]] | None:
    """The content of a state, None if the file cannot be read."""
    with suppress(OSError, ValueError, KeyError):
        checkpoint = json.loads(file.read_text())["checkpoint"]
        # `pulumi stack import`, `state unprotect` and `state rename` capitalize this key.
        return checkpoint.get("latest") or checkpoint.get("Latest") or {}
    return None


def _locked_by_living(paths: Paths) -> bool:
    return any(_lock_holder_lives(lock) for lock in _locks(paths))


def _locks(paths: Paths) -> list[Path]:
    """The engine's locks; it also treats the draft (`.tmp`) of a lock as one, if a kill prevented its rename."""
    files = (paths.state / ".pulumi" / "locks").rglob("*")
    return [file for file in files if file.suffix in (".json", ".tmp")]


def _lock_holder_lives(lock: Path) -> bool:
    with suppress(OSError, ValueError, KeyError, psutil.Error):
        return psutil.Process(json.loads(lock.read_text())["pid"]).name().startswith("pulumi")
    return False
