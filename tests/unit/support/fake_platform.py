"""Two fake regions and an edge, and an operator's session."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import pytest
import yaml
from fake_engine import HOSTS, STACKS, FakeEngine
from fake_regions import FakeClient, World
from stack_files import FIXTURE
from typing_extensions import override

from contract import CANARY_PATH, origin
from ops.core import aws, facts, pair, report, settle, visitor
from ops.core.engine import Engine
from ops.core.ledger import Ledger
from ops.core.objects import Folder
from ops.core.pair import RECORDED, Pair
from ops.core.recovery import STATE_FOLDER
from ops.core.recovery.steps import CLEAR_LOCK
from ops.core.session import Session, SessionOptions
from ops.core.stack_files import StackFile
from ops.core.steps import Timeline
from ops.core.visitor import Answer
from ops.deploy import health
from ops.dr import activate, closing, failover, fence, flip, routing
from ops.errors import OpsError
from project_files import PROJECT_FILE, text

P = ParamSpec("P")
T = TypeVar("T")
FILES = ("Pulumi.prod.yaml", "Pulumi.dr.yaml", "Pulumi.edge.yaml")


def copy_project(folder: Path) -> Path:
    """The fixture's project files, to be written to."""
    for file in ("Pulumi.yaml", *FILES):
        shutil.copy(FIXTURE.folder / file, folder / file)
    return folder


@cache
def short_files() -> Mapping[str, str]:
    """The fixture's project in the form of the committed one: shared values are in Pulumi.yaml.

    Commands change files all the time, and ruamel.yaml takes 2.5 times as long for a file with all values.
    """
    prod, dr, edge = (FIXTURE.values(stack) for stack in (*STACKS, "edge"))
    shared = {key: value for key, value in prod.items() if dr.get(key) == value and edge.get(key, value) == value}
    shared |= {key: value for key, value in edge.items() if isinstance(value, dict) and key not in {*prod, *dr}}
    files: dict[str, Any] = {
        PROJECT_FILE: {"name": FIXTURE.name, "config": {key: {"default": value} for key, value in shared.items()}}
    }
    for stack in (*STACKS, "edge"):
        own = {key: value for key, value in FIXTURE.values(stack).items() if key not in shared}
        files[f"Pulumi.{stack}.yaml"] = {"config": {f"{FIXTURE.name}:{key}": value for key, value in own.items()}}
    return {file: yaml.safe_dump(content, sort_keys=False) for file, content in files.items()}


_with_values = StackFile.with_values
_written: dict[tuple[str, str], str] = {}


def with_values(file: StackFile, values: Mapping[str, Any]) -> str:
    """The result of a change of a file, cached: every test starts with the same files, and most change them alike."""
    key = (text(file.path), repr(values))
    if key not in _written:
        _written[key] = _with_values(file, values)
    return _written[key]


@dataclass
class Platform:
    """The fake regions, their engine, and an operator's session."""

    world: World
    engine: FakeEngine
    state: Path
    firewall: "FakeFirewall"

    def session(self, **options: Any) -> Session:
        """A session with options; by default the operator confirms everything."""
        engine = cast(Engine, self.engine)
        given: dict[str, Any] = {"yes": True, **options}
        return Session(
            engine=engine, pair=Pair(engine), ledger=Ledger(Folder(self.state)), options=SessionOptions(**given)
        )

    def file(self, stack: str) -> StackFile:
        """A stack's file."""
        return StackFile.of(stack)

    def region(self, stack: str) -> str:
        """A stack's region."""
        return str(self.file(stack).get("region"))

    def lose(self, stack: str = "prod") -> None:
        """Make a stack's region stop answering."""
        self.world.lost.add(self.region(stack))

    def declared(self, stack: str) -> dict[str, Any]:
        """The settings of a stack's file that define the writer."""
        return {key: self.file(stack).get(key) for key in RECORDED}

    def records(self) -> list[dict[str, Any]]:
        """The records of the history, oldest first."""
        kept = Folder(self.state)
        return [json.loads(kept.read(key) or b"") for key in kept.keys("history/")]

    def history(self) -> list[str]:
        """The kinds of records in the history, oldest first."""
        return [record["kind"] for record in self.records()]

    def lose_state(self, stack: str, content: bytes | None) -> None:
        """Replace the stack's state by `content`, which the engine cannot read; its backup is unchanged."""
        latest = {
            "manifest": {"time": "2030-01-01T00:00:00Z"},
            "resources": [{"type": "pulumi:pulumi:Stack", "urn": "urn", "outputs": self.engine.made(stack)}],
        }
        backend, key = Folder(self.state.parent / STATE_FOLDER), f"stacks/askproai/{stack}.json"
        backend.write(f"{key}.bak", json.dumps({"checkpoint": {"latest": latest}}).encode())
        if content is not None:
            backend.write(key, content)
        self.engine.unreadable.add(stack)
        self.world.killed.add(stack)

    def visit(self, host: str, path: str, method: str = "GET", json: object = None, **_: Any) -> Answer:
        """What a visitor gets."""
        stack = self._stack_of(host)
        region = self.region(stack) if stack else ""
        if not stack or region in self.world.lost:
            return Answer(status=522, body="origin down")
        if path.startswith(CANARY_PATH):
            return Answer(status=200, body={"rows": self.world.canary_rows, "last_id": 9, "last_written_at": "now"})
        outputs = self.engine.made(stack)
        database = self.world.databases[region][outputs["database_identifier"]]
        good = not database["source"] and self.engine.is_open(stack)
        return Answer(status=200 if good else 503, body={"status": "ok" if good else "failed", "region": region})

    def routed_to(self) -> set[str | None]:
        """The stacks to which visitors are routed."""
        return {self._stack_of(host) for host in HOSTS}

    def dns_records(self, *_: object) -> Mapping[str, str]:
        """The zone's records in Cloudflare's answer."""
        return dict(self.world.records)

    def _stack_of(self, host: str) -> str | None:
        for stack in STACKS:
            if host == origin(stack, "askproai.de"):
                return stack
        records = self.world.records
        content = records.get(host, "")
        return records.get(content, content).rpartition(".")[2] or None


@dataclass
class FakeFirewall:
    """Cloudflare's API for the zone's own rules; `down`: it does not answer."""

    rules: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "1", "ref": "own", "action": "block"}])
    puts: int = 0
    down: bool = False

    def one(self, path: str) -> dict[str, Any]:
        """The zone's own rules."""
        if self.down:
            raise OpsError(f"Cloudflare's API does not answer {path}")
        return {"id": "f", "name": "own", "kind": "zone", "phase": closing.PHASE, "rules": self.rules}

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Replace the rules."""
        assert path.endswith("/f")
        self.puts, self.rules = self.puts + 1, list(body["rules"])

    @property
    def refs(self) -> list[str]:
        """The rules, in order."""
        return [rule["ref"] for rule in self.rules]


class FakeRecovery:
    """Replaces `ops recover`: it is needed if an engine was killed."""

    def __init__(self, world: World, stack: str) -> None:
        self._world, self._stack = world, stack

    def needed(self) -> bool:
        return self._stack in self._world.killed


class InTurn(Executor):
    """Run functions one after the other: the fake clouds answer faster than a thread starts."""

    def __init__(self, max_workers: int = 1) -> None:
        assert max_workers

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


def platform_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform in normal operation: both regions and the edge are up, and commands find everything."""
    project = folder / "project"
    project.mkdir()
    for file, content in short_files().items():
        (project / file).write_text(content)
    monkeypatch.setenv("ASKPROAI_PROJECT", str(project))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (folder / "state").as_uri())
    monkeypatch.setattr(StackFile, "with_values", with_values)
    world = World()
    platform = Platform(world, FakeEngine(world), folder / "state" / ".askproai", FakeFirewall())
    for stack in (*STACKS, "edge"):
        platform.engine.up(stack, None)
    platform.engine.ups.clear()
    for stack in STACKS:
        world.secrets[platform.region("dr"), f"askproai-{stack}-app"] = '{"app_key": "of-both"}'
        world.secrets[platform.region("prod"), f"askproai-{stack}-app"] = '{"app_key": "of-both"}'
    _put_in_place(platform, monkeypatch)
    return platform


def _put_in_place(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    world = platform.world

    def client(service: str, region: str, *_: object) -> FakeClient:
        return FakeClient(world, service, region)

    def setting(_: object, name: str) -> str:
        return {"ssl": "strict"}.get(name, "1.2")

    def signed(*_: object) -> str:
        return "active"

    def pulls(*_: object) -> visitor.OriginPulls:
        return visitor.OriginPulls(enabled=True, ends=datetime.now(UTC) + timedelta(days=365))

    def recovery(stack: str, *_: object) -> FakeRecovery:
        return FakeRecovery(world, stack)

    def recover(stack: str, timeline: Timeline, engine: FakeEngine, **_options: object) -> None:
        world.recovered_by.append(engine)
        with timeline.step(CLEAR_LOCK, stack=stack):
            world.killed.discard(stack)
            platform.engine.unreadable.discard(stack)
            world.recovered.append(stack)

    def write(folder: Path, operation: object) -> list[Path]:
        return [folder / "report.md"]

    def at_once(*_: object) -> None:
        """Wait for nothing."""

    def firewall(*_args: object, **_options: object) -> FakeFirewall:
        return platform.firewall

    for place, name, fake in (
        (aws, "_client", client),
        (visitor, "visit", platform.visit),
        (visitor, "records", platform.dns_records),
        (visitor, "zone_setting", setting),
        (visitor, "origin_pulls", pulls),
        (visitor, "dnssec", signed),
        (closing, "EdgeApi", firewall),
        (settle, "Recovery", recovery),
        (settle, "recover", recover),
        (report, "write", write),
        *((module, "ThreadPoolExecutor", InTurn) for module in (facts, pair)),
        (facts.time, "sleep", at_once),
        # No test can detect whether data are synced to the disk.
        (os, "fsync", at_once),
        (health, "GATE_SECONDS", 0.0),
        (health, "HEALTHY_SECONDS", 0.0),
        (health, "WORKERS_SECONDS", 0.0),
        (flip, "PAUSE_SECONDS", 0.0),
        (routing, "PAUSE_SECONDS", 0.0),
        (flip, "SERVED_SECONDS", 0.0),
        (fence, "DRAIN_SECONDS", 0.0),
        (fence, "CLOSE_SECONDS", 0.0),
        (fence, "HOSTS_SECONDS", 0.0),
        (fence, "QUEUES_SECONDS", 0.0),
        (activate, "READY_SECONDS", 0.0),
        (failover, "GATES_SECONDS", 0.0),
    ):
        monkeypatch.setattr(place, name, fake)
