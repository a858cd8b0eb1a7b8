"""Declared and real steps of commands: real runs take exactly the declared steps, in order."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest
from fake_platform import Platform, copy_project, platform_in
from fake_releases import end_window, publish

from contract import HEALTH_PATH
from ops import bootstrap, runbooks
from ops.bootstrap import permissions, prerequisite, quotas
from ops.bootstrap.state_backend import StateBackend
from ops.core.engine import Engine
from ops.core.engine_errors import LockedError
from ops.core.objects import Folder
from ops.core.recovery.recovery import Recovery
from ops.core.session import UNDER_WAY, Operation, Session, SessionOptions
from ops.core.steps import Step, Timeline
from ops.core.visitor import Answer
from ops.deploy import deployment
from ops.deploy.promote import promote
from ops.deploy.rollback import rollback
from ops.deploy.start import start
from ops.dr import abort, activate, drop, flip, queues, rebuild
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.drill import scenario, stale_checkout
from ops.drill.canary import Ask, Canary
from ops.drill.sandbox_control import SandboxControl
from ops.errors import OpsError
from ops.recover import backend_copy
from ops.secrets import rotation
from ops.secrets.rotate import rotate

Names = list[str]
RECOVERY = re.compile(r"^(\S+): ")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return platform_in(tmp_path, monkeypatch)


def names(*timelines: Timeline) -> Names:
    """The taken steps, in order; those of a recovery inside another command count as one."""
    entries = [entry.name for timeline in timelines for entry in timeline.entries]
    return [name for name, _ in groupby(RECOVERY.sub(r"recover \1: ", name).partition(": ")[0] for name in entries)]


def pattern(step: Step, values: dict[str, str]) -> re.Pattern[str]:
    """The declared name with values in place of the words in capitals."""
    text = re.escape(step.name)
    for word, value in values.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return re.compile(text)


def places(taken: Names, declared: Sequence[Step], values: dict[str, str]) -> set[int]:
    """The declared steps that a run took. Fails for a step that is not declared, or not at that point."""
    found: set[int] = set()
    at = 0
    for name in taken:
        rest = range(at, len(declared))
        place = next((number for number in rest if pattern(declared[number], values).fullmatch(name)), None)
        assert place is not None, f"'{name}' is not declared after {taken[: taken.index(name)]}"
        found.add(place)
        at = place + 1
    return found


def assert_declared(command: str, runs: Iterable[Names], but: re.Pattern[str] | None = None, **values: str) -> None:
    """Every run takes declared steps in the declared order, and together they take every step, except some by name."""
    declared = runbooks.PLANS[command].steps
    taken = set[int]().union(*(places(run, declared, values) for run in runs))
    left = [step.name for number, step in enumerate(declared) if number not in taken]
    assert [name for name in left if not (but and but.fullmatch(name))] == []


class Killed:
    """What kills of engines leave behind; `promoted` when RDS had promoted before the engine died."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
        self.platform, self.target, self.promoting = platform, target, 0
        self._up = platform.engine.up
        monkeypatch.setattr(platform.engine, "up", self.up)
        platform.world.killed.update({*platform.session().pair.stacks, "edge"})

    def up(self, stack: str, say: object, targets: Sequence[str] = ()) -> dict[str, int]:
        """Dies once while it promotes; is locked out of an edge whose engine was killed."""
        world = self.platform.world
        if stack == "edge" and "edge" in world.killed:
            world.killed.update(self.platform.session().pair.stacks)
            raise LockedError("stack edge is locked")
        before = self.platform.engine.made(stack)
        done = self._up(stack, say)
        if targets and self.promoting:
            # The steps after the promotion also find what an engine left.
            world.killed.add(stack)
        declared = self.platform.file(stack)
        writer = declared.get("role") == "primary" or declared.get("activated")
        if stack == self.target and writer and not declared.get("fenced") and not self.promoting:
            self.promoting += 1
            world.killed.add(stack)
            self.platform.engine.stale_source.add(stack)
            # The engine records a stack's outputs when everything else is done.
            self.platform.engine.restore(stack, before)
            raise OpsError("the engine was killed")
        return done


def interrupted(platform: Platform, run: Callable[[], Operation]) -> list[Names]:
    """The steps of two runs of which the first was killed, by run: the ledger has the steps of the first."""
    with pytest.raises(OpsError, match="the engine was killed"):
        run()
    record = platform.session().ledger.get(UNDER_WAY)
    assert record is not None
    first = Timeline.from_json(record["timeline"])
    entries = run().timeline.entries
    return [names(first), names(Timeline(entries=entries[len(first.entries) :]))]


def test_activate(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    Killed(platform, monkeypatch, "dr")
    runs = interrupted(platform, lambda: activate.activate_region(platform.session(), "dr"))
    assert_declared("ops dr activate", runs, STACK="dr", OTHER="prod")


def test_abort(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failover ends before and after the promotion, then all files are those of another checkout."""
    older = {stack: platform.file(stack).path.read_text() for stack in ("prod", "dr", "edge")}
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(), "dr")
    platform.engine.failing.clear()
    platform.world.killed.update(("prod", "dr"))
    first = names(abort.abort(platform.session()))
    Killed(platform, monkeypatch, "dr")
    with pytest.raises(OpsError, match="the engine was killed"):
        failover(platform.session(), "dr")
    for stack, text in older.items():
        platform.file(stack).path.write_text(text)
    platform.file("prod").set({"fenced": False, "topology": 9})
    platform.world.killed.update(("prod", "dr", "edge"))
    second = names(abort.abort(platform.session(), "dr"))
    steps = abort.PLAN.steps
    taken = places(first, steps, {"STACK": "prod", "OTHER": "dr"})
    taken |= places(second, steps, {"STACK": "dr", "OTHER": "prod", "EDGE": "edge"})
    # The files of OTHER and of the edge were not outdated here, the edge's state could be read, and STACK was opened.
    files = ["write the file of OTHER from its stack", "write the file of EDGE from its stack"]
    left = [*files, "recover EDGE", "recover STACK"]
    assert [step.name for number, step in enumerate(steps) if number not in taken] == left


def test_flip(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    activate.activate_region(platform.session(), "dr")
    Killed(platform, monkeypatch, "none")
    locked = names(flip.flip_to(platform.session(), "dr"))
    platform.lose_state("edge", b"")
    unreadable = names(flip.flip_to(platform.session(), "dr"))
    assert_declared("ops dr flip", [locked, unreadable], TO="dr", EDGE="edge")


def test_failover(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    Killed(platform, monkeypatch, "dr")
    runs = interrupted(platform, lambda: failover(platform.session(), "dr"))
    platform.lose_state("edge", b"")
    platform.file("edge").set({"live": "prod"})
    runs.append(names(failover(platform.session(), "dr").timeline))
    assert_declared("ops dr failover", runs, TO="dr", OTHER="prod", EDGE="edge")


def fail_over(platform: Platform) -> None:
    """prod was lost, dr serves, and prod is back with its former data."""
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()


def test_failback(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_over(platform)
    Killed(platform, monkeypatch, "prod")
    runs = interrupted(platform, lambda: failback(platform.session(rebuild=True), "prod"))
    # An edge whose state cannot be read is seen in a flip.
    assert_declared("ops dr failback", runs, but=re.compile("recover EDGE"), TO="prod", OTHER="dr", EDGE="edge")


def test_rebuild(platform: Platform) -> None:
    fail_over(platform)
    platform.world.killed.add("prod")
    taken = names(rebuild.rebuild_standby(platform.session(), "prod"))
    assert_declared("ops dr rebuild", [taken], STACK="prod", OTHER="dr")


def test_drop(platform: Platform) -> None:
    fail_over(platform)
    rebuild.rebuild_standby(platform.session(), "prod")
    platform.world.killed.add("prod")
    taken = names(drop.drop_database(platform.session(), "prod", 1))
    assert_declared("ops dr drop", [taken], STACK="prod", GENERATION="1")


def test_queues(platform: Platform) -> None:
    """prod was lost with a dead letter, and is a standby again; jobs that failed in dr are retried there."""
    fail_over(platform)
    rebuild.rebuild_standby(platform.session(), "prod")
    platform.world.fleets["prod-workers"]["ended"] = True
    platform.world.messages |= {"prod": ["one", "two"], "prod-dead": ["three"], "dr": []}
    moved = names(queues.move(platform.session(), "prod", "dr"))
    assert (platform.world.messages["dr"], platform.world.messages["dr-dead"]) == (["one", "two"], ["three"])
    redriven = names(queues.redrive(platform.session(), "dr", "default"))
    assert platform.world.messages == {"prod": [], "prod-dead": [], "dr": ["one", "two", "three"], "dr-dead": []}
    assert_declared("ops dr queues", [redriven, moved], STACK="(prod|dr)", OTHER="dr", QUEUE="default")


def test_deploy(platform: Platform) -> None:
    """A deployment is promoted by the next one, which fails, and continues after a kill; then it is promoted, and
    another is not."""
    for version in ("1", "2", "3"):
        publish(platform, version, "prod", "dr")
    runs = [names(start(platform.session(), "1"))]
    end_window(platform)
    platform.world.command_status = "Failed"
    with pytest.raises(OpsError, match="the migrations ended with Failed"):
        start(platform.session(), "2")
    record = platform.session().ledger.get(deployment.key("prod"))
    assert record is not None
    failed = Timeline.from_json(record["timeline"])
    platform.world.killed.add("prod")
    platform.world.command_status = "Success"
    entries = start(platform.session(), "2").entries
    runs += [names(failed), names(Timeline(entries=entries[len(failed.entries) :]))]
    assert_declared("ops deploy start", runs, STACK="prod", OTHER="dr")
    end_window(platform)
    platform.world.killed.add("prod")
    assert_declared("ops deploy promote", [names(promote(platform.session()))], STACK="prod", OTHER="dr")
    start(platform.session(), "3")
    platform.world.killed.add("prod")
    assert_declared("ops deploy rollback", [names(rollback(platform.session()))], STACK="prod", OTHER="dr")


class Sandbox:
    """The sandbox's switches, on the fake platform."""

    def __init__(self, platform: Platform) -> None:
        self._world = platform.world

    def lost(self) -> list[str]:
        return sorted(self._world.lost)

    def black_out(self, region: str, mode: str) -> None:
        self._world.lost.add(region)

    def restore(self, region: str) -> None:
        self._world.lost.discard(region)

    def forget_calls(self) -> None:
        self._world.calls.clear()

    def set_clock(self, ahead_seconds: int) -> None:
        """The clock is controlled by the test."""

    def calls(self, region: str) -> dict[str, int]:
        return dict.fromkeys(self._world.calls_to(region), 1)

    def lag_seconds(self) -> float:
        return 1.0

    def set_lag(self, seconds: float) -> None:
        """The lag of replicas comes from the fake regions."""

    def set_ending(self, seconds: int) -> None:
        """Hosts of this platform terminate immediately."""

    def rows_of_ending_hosts(self) -> list[dict[str, Any]]:
        return []

    def replicates(self) -> bool:
        return True


def test_rotate(platform: Platform) -> None:
    """A token whose rotation was killed with its engine, and the dry run for accounts."""
    platform.world.killed.add("prod")
    platform.session().ledger.put(
        rotation.key("cache_auth_token"), rotation.new("cache_auth_token", dry_run=False).to_json()
    )
    token = names(rotate(platform.session(), "cache_auth_token", generate=True))
    platform.engine.restore("prod", {**platform.engine.made("prod"), "secret_arns": {"database": "arn"}})
    platform.engine.restore("dr", {**platform.engine.made("dr"), "secret_arns": {"database": "arn"}})
    accounts = names(rotate(platform.session(dry_run=True), "database"))
    assert_declared("ops secrets rotate", [token, accounts], STACK="prod", OTHER="dr")


def test_drill(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[int, dict[str, str]] = {}

    def ask(number: int) -> Answer:
        answer = platform.visit("api.askproai.de", HEALTH_PATH)
        if answer.status != 200:
            return answer
        row = {"database": answer["region"], "written_at": "2030-01-01T00:00:00+00:00"}
        return Answer(status=201, body={**rows.setdefault(number, row), "region": answer["region"]})

    def session(options: SessionOptions) -> Session:
        return platform.session(**vars(options))

    def through_the_edge(domain: str) -> Ask:
        return ask

    monkeypatch.setattr(Session, "of", session)
    monkeypatch.setattr(scenario, "through_the_edge", through_the_edge)
    monkeypatch.setattr(scenario, "Canary", partial(Canary, interval_seconds=0.002))
    sandbox = cast(SandboxControl, Sandbox(platform))
    ended = subprocess.CompletedProcess([], 1, "", "Pulumi.dr.yaml: topology: 1 is older than 2")
    monkeypatch.setattr(stale_checkout, "_run", partial(answering, ended))
    drill = scenario.Drill(options=scenario.DrillOptions(stale=True), sandbox=sandbox, pair=platform.session().pair)
    drill.run()
    taken = names(Timeline(entries=drill.entries()))
    after_kills = re.compile("recover .*|read back the promoted database")
    assert_declared("ops dr drill", [taken], but=after_kills, LIVE="prod", STANDBY="dr", EDGE="edge")


def answering(answer: object, *_: object, **__: object) -> object:
    """The same answer to everything."""
    return answer


def test_bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything exists at the first check; the checks find nothing."""
    monkeypatch.setenv("ASKPROAI_PROJECT", str(copy_project(tmp_path)))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "")
    backend = StateBackend.of()
    for module, name, answer in (
        (prerequisite, "_bounded", True),
        (bootstrap, "_right_account", None),
        (bootstrap, "_token_known", True),
        (bootstrap.stacks, "exists", False),
        (bootstrap.conflicts, "found", ()),
        (quotas, "check", quotas.Answers(problems=[], notes=[])),
        (permissions, "problems", ()),
        (permissions, "sees_itself", True),
    ):
        monkeypatch.setattr(module, name, partial(answering, answer))
    timeline = Timeline()
    bootstrap.bootstrap(timeline, generate=True)
    assert [entry.name for entry in timeline.entries] == [step.name for step in bootstrap.plan(backend).steps]
    assert len(bootstrap.plan(backend).steps) == len(runbooks.PLANS["ops bootstrap"].steps)


class RestoredEngine(Engine):
    """An engine with an empty state, whose program declares one component."""

    def export(self, stack: str) -> dict[str, Any]:
        return {"deployment": {"resources": list[Any]()}}

    def import_(self, stack: str, deployment: object) -> None:
        pass

    def refresh(self, stack: str, say: object, targets: object = ()) -> None:
        pass

    def preview_steps(self, stack: str) -> list[dict[str, Any]]:
        return [{"op": "create", "newState": {"type": "askproai:web:Web", "urn": "urn::web", "custom": False}}]

    def preview_changes(self, stack: str) -> dict[str, int]:
        return {}

    def up(self, stack: str, say: object, targets: Sequence[str] = ()) -> dict[str, int]:
        return {"create": 1}


def test_recover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(copy_project(tmp_path)))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "")
    state = Folder(tmp_path / "state")
    latest = {"manifest": {"time": "2030-01-01T00:00:00Z"}, "resources": list[Any]()}
    state.write("stacks/askproai/prod.json", b"cut o")
    state.write("backups/askproai/prod/prod.1.json", json.dumps({"checkpoint": {"latest": latest}}).encode())
    timeline = Timeline()
    Recovery("prod", timeline, RestoredEngine(), state).run(up=True)
    copied = Timeline()
    monkeypatch.setattr(backend_copy, "reachable", partial(answering, False))

    def bucket(*place: str) -> Folder:
        return Folder(tmp_path.joinpath(*place))

    monkeypatch.setattr(backend_copy, "Bucket", bucket)
    backend_copy.go_on_from_copy(copied, yes=True)
    monkeypatch.setattr(backend_copy, "reachable", partial(answering, True))
    for stack in ("prod", "dr", "edge"):
        file = tmp_path / f"Pulumi.{stack}.yaml"
        file.write_text(f"secretsprovider: {StateBackend.of().copy.secrets_provider}\n{file.read_text()}")
    backend_copy.go_home(copied, yes=True)
    runs = [entry.name for entry in (*timeline.entries, *copied.entries)]
    assert_declared("ops recover", [runs], STACK="prod")
