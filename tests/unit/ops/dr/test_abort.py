"""Abort: after every step of every command it returns to a region that serves, and to correct stack files."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import fake_regions
import pytest
from botocore.exceptions import ReadTimeoutError
from fake_engine import WAYS_IN
from fake_platform import Platform
from fake_regions import ANSWERS, World

from ops.core import facts, steps
from ops.core.engine_errors import UpError
from ops.core.objects import Folder
from ops.core.recovery import STATE_FOLDER
from ops.core.session import UNDER_WAY
from ops.dr import closing, flip, promotion, rebuild, status
from ops.dr.abort import abort
from ops.dr.activate import activate_region
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.errors import Exit, OpsError

REGIONS = ("prod", "dr")
Command = Callable[[Platform], object]


def database(platform: Platform, stack: str) -> dict[str, str]:
    """The database of a region's highest generation, recorded by its stack or not."""
    there = platform.world.databases[platform.region(stack)]
    return there[max(there)]


def takes_writes(platform: Platform) -> list[str]:
    """The writable regions, according to RDS and their network ACLs."""
    engine = platform.engine
    open_regions = [s for s in REGIONS if engine.is_open(s) and not engine.made(s)["fenced"]]
    return [s for s in open_regions if not database(platform, s)["source"]]


def served(platform: Platform) -> str:
    """The only region that takes writes, once visitors are routed there and no deviation or operation is left.

    A region that is being rebuilt stays so.
    """
    (serves,) = takes_writes(platform)
    assert platform.routed_to() == {serves}
    pair = platform.session().pair
    assert pair.is_routed_to(serves)
    assert (pair[serves].undone, pair.older()) == ({}, [])
    other = pair[pair.other_than(serves)]
    if other.undone:
        assert other.following
        rebuild.rebuild_standby(platform.session(), other.stack)
        assert platform.session().pair[other.stack].undone == {}
    assert platform.session().ledger.get(UNDER_WAY) is None
    assert platform.world.killed == set()
    platform.engine.ups.clear()
    assert abort(platform.session(), serves).entries[1:] == []
    return serves


def kill(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    command: Command,
    *,
    after: bool,
    interrupted: bool = False,
) -> bool:
    """Kill the command at the change with this number, before or after it. Returns whether it was reached.

    A change is a run of the engine, or one of the calls that close a region. `interrupted`: by Ctrl-C, after which the
    engine leaves nothing behind.
    """
    up, count = platform.engine.up, 0

    def counted(world: World, region: str, asked: dict[str, Any], name: str) -> Any:
        nonlocal count
        count += 1
        if count == at:
            raise KeyboardInterrupt
        return ANSWERS[name](world, region, asked)

    def killed(stack: str, say: object, *targets: object) -> dict[str, int]:
        nonlocal count
        count += 1
        if count != at:
            return up(stack, say, *targets)
        before = platform.engine.made(stack)
        if after:
            up(stack, say, *targets)
            # The engine records outputs last.
            platform.engine.restore(stack, before)
        platform.world.killed.update(set[str]() if interrupted else {stack} & set(REGIONS))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(platform.engine, "up", killed)
        closing = ("delete_network_acl_entry", "update_auto_scaling_group")
        patch.setattr(fake_regions, "ANSWERS", ANSWERS | {name: partial(counted, name=name) for name in closing})
        try:
            command(platform)
        except KeyboardInterrupt:
            return True
    return False


def activated(platform: Platform) -> None:
    """dr was activated, prod was fenced, and visitors are still routed to prod."""
    activate_region(platform.session(), "dr")


def failed_over(platform: Platform) -> None:
    failover(platform.session(), "dr")


def failed_over_in_part(platform: Platform) -> None:
    """prod is fenced, and dr was not promoted."""
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failed_over(platform)
    platform.engine.failing.clear()


COMMANDS: dict[str, tuple[Command | None, Command, list[str]]] = {
    "activate": (
        None,
        lambda p: activate_region(p.session(), "dr"),
        [*[""] * 5, "prod/both", "both/both", "both/both"],
    ),
    "failover": (
        None,
        lambda p: failover(p.session(), "dr"),
        ["", "prod", "", "prod", "", "prod/both", "both/both", "both/both", "both/both"],
    ),
    "flip": (activated, lambda p: flip.flip_to(p.session(), "dr"), ["both/both"]),
    "rebuild": (failed_over, lambda p: rebuild.rebuild_standby(p.session(), "prod"), ["dr/dr"]),
    "failback": (
        failed_over,
        lambda p: failback(p.session(rebuild=True), "prod"),
        ["dr/dr", "", "dr", "", "dr", "", "dr", "", "dr/both", "both/both", "both/both", "prod/prod"],
    ),
}
"""What came before, the command, and for each of its changes who takes writes in the end: when it is killed before it
does anything, and after all of it. A region is closed by two calls for its network ACL and three for its groups; in a
failback two come before, for the web hosts."""


def cases() -> Iterator[tuple[str, int, bool, str | None, str]]:
    for name, (_, _, changes) in COMMANDS.items():
        for at, row in enumerate(changes, 1):
            for after, serves in enumerate(row.split("/") if row else ()):
                both = serves == "both"
                yield from ((name, at, bool(after), to, to or serves) for to in (REGIONS if both else (None,)))


@pytest.mark.parametrize(("name", "at", "after", "to", "expected"), list(cases()))
def test_from_every_step_of_every_command_abort_leads_back_to_a_region_that_serves(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, name: str, at: int, after: bool, to: str | None, expected: str
) -> None:
    begin, command, _ = COMMANDS[name]
    if begin:
        begin(platform)
    assert kill(platform, monkeypatch, at, command, after=after)
    if to:
        with pytest.raises(OpsError, match=r"traffic is routed to (prod|dr)\nchoose one") as refused:
            abort(platform.session())
        assert refused.value.exit_code is Exit.REFUSED
    planned = abort(platform.session(dry_run=True), to).entries
    done = abort(platform.session(), to).entries
    taken = [entry.name for entry in done if not re.search("clear the lock|read back the promoted", entry.name)]
    assert taken == [entry.name for entry in planned]
    assert served(platform) == expected


GIVEN_UP: list[tuple[str, int, bool, str | None, int]] = [
    ("failover", 4, False, None, 1),
    ("failover", 6, True, "prod", 7),
    ("failover", 6, True, "dr", 3),
    ("failover", 7, False, "prod", 8),
    ("failback", 9, True, "dr", 7),
    ("failback", 11, True, "dr", 8),
]
"""A command, the change at which it is killed, before or after that, what serves then, and the changes of the abort."""


@pytest.mark.parametrize("how", ["before", "after", "interrupted"])
@pytest.mark.parametrize(
    ("name", "at", "after", "to", "number"),
    [(*row, number) for *row, count in GIVEN_UP for number in range(1, count + 1)],
)
def test_an_abort_that_is_killed_itself_is_gone_on_with(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    at: int,
    after: bool,
    to: str | None,
    number: int,
    how: str,
) -> None:
    begin, command, _ = COMMANDS[name]
    if begin:
        begin(platform)
    assert kill(platform, monkeypatch, at, command, after=after)
    assert kill(
        platform,
        monkeypatch,
        number,
        lambda p: abort(p.session(), to),
        after=how == "after",
        interrupted=how == "interrupted",
    )
    abort(platform.session(), to)
    assert served(platform) == (to or "prod")
    assert platform.session().pair[platform.session().pair.other].is_unrecorded is False


LEAVING: dict[str, tuple[str, Command, str]] = {
    "failover": ("prod", lambda p: failover(p.session(waive_fence="gone"), "dr"), "dr"),
    "failback": ("dr", lambda p: failback(p.session(waive_fence="gone"), "prod"), "prod"),
}
"""The region that a command leaves, the same command without it, and what serves then."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("name", "at"), [(name, at + 1) for name in LEAVING for at in range(1, len(COMMANDS[name][2]))]
)
def test_wherever_it_was_killed_a_command_goes_on_without_the_region_that_it_leaves(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, name: str, at: int, after: bool
) -> None:
    begin, command, _ = COMMANDS[name]
    left, without, serves = LEAVING[name]
    if begin:
        begin(platform)
    if name == "failback":
        rebuild.rebuild_standby(platform.session(), "prod")
    kill(platform, monkeypatch, at, command, after=after)
    platform.lose(left)
    # What the lost region lacks is reported.
    with suppress(OpsError):
        without(platform)
    assert platform.routed_to() == {serves}
    assert platform.engine.is_open(serves)


LEFT: list[tuple[Command | None, Command, str, str]] = [
    (failed_over_in_part, lambda p: abort(p.session()), "prod", "create the rest of prod, have dr follow"),
    (None, failed_over, "dr", "create the rest of dr, declare the fence of prod"),
    (
        failed_over,
        lambda p: failback(p.session(rebuild=True), "prod"),
        "prod",
        "create the rest of prod, make dr follow prod, wait for the replica of dr",
    ),
]
"""What came before, the command, what serves then, and what is left."""


@pytest.mark.parametrize(("before", "command", "expected", "left"), LEFT)
def test_once_visitors_are_served_the_status_says_what_is_left_and_the_same_command_does_it(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    before: Command | None,
    command: Command,
    expected: str,
    left: str,
) -> None:
    """The rest is in no file and no output: only a preview of the stack would name it."""
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    if before:
        before(platform)

    def kill_process(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(promotion, "complete", kill_process)
        with pytest.raises(KeyboardInterrupt):
            command(platform)
    assert platform.routed_to() == {expected}
    found = status.status()
    assert f"visitors are served; left: {left}: continue it with `ops dr " in found.under_way
    assert not [line for line in found.deviations if "ops dr drop" in line]
    platform.engine.ups.clear()
    command(platform)
    assert expected in platform.engine.ups
    assert served(platform) == expected
    assert status.status().under_way == ""


@pytest.mark.parametrize("again", ["abort", "failover"])
def test_a_region_that_was_opened_in_part_is_not_taken_for_open(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """Its network ACL was closed, and its groups have no hosts: its stack never knew."""
    failed_over(platform)
    assert kill(platform, monkeypatch, 9, lambda p: failback(p.session(rebuild=True), "prod"), after=False)
    open_or_close = platform.engine._open_or_close

    def in_part(stack: str, wanted: bool) -> None:
        if stack == "dr" and wanted:
            platform.world.ways_in[platform.region("dr")] = [*WAYS_IN]
            raise UpError("stack dr: web-blue: InsufficientInstanceCapacity")
        open_or_close(stack, wanted)

    with monkeypatch.context() as patch:
        patch.setattr(platform.engine, "_open_or_close", in_part)
        with pytest.raises(UpError, match="InsufficientInstanceCapacity"):
            abort(platform.session())
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    assert status.status().under_way.endswith(": continue it with `ops dr abort --to dr`")
    if again == "abort":
        abort(platform.session())
    else:
        failed_over(platform)
    assert platform.engine.is_open("dr")


def test_a_fence_is_not_waived_for_a_region_that_answers_unless_the_waiver_is_given_twice(platform: Platform) -> None:
    assert kill_after_promotion(platform)
    with pytest.raises(OpsError, match="answers, so it will be fenced: omit --waive-fence"):
        abort(platform.session(waive_fence="copied"), "dr")
    abort(platform.session(waive_fence="EC2 hangs", waive_answering=True), "dr")
    assert platform.engine.is_open("prod")


def kill_after_promotion(platform: Platform) -> bool:
    """dr is promoted, and prod was not closed. Returns whether visitors are still routed to prod."""
    platform.lose()
    activate_region(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()
    return platform.routed_to() == {"prod"}


def test_a_region_whose_ec2_hangs_does_not_prevent_serving_from_the_other(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kill_after_promotion(platform)

    def hangs(world: World, region: str, asked: dict[str, Any]) -> Any:
        if region == platform.region("prod"):
            raise ReadTimeoutError(endpoint_url="https://ec2")
        return ANSWERS["describe_network_acls"](world, region, asked)

    monkeypatch.setattr(fake_regions, "ANSWERS", ANSWERS | {"describe_network_acls": hangs})
    with pytest.raises(OpsError, match=r"prod is not fenced: .*--waive-fence twice continues without"):
        abort(platform.session(), "dr")
    abort(platform.session(waive_fence="EC2 hangs", waive_answering=True), "dr")
    assert platform.routed_to() == {"dr"}


@pytest.mark.parametrize(("silent", "to"), [("dr", None), ("prod", None), ("prod", "dr")])
def test_a_region_whose_rds_hangs_keeps_an_abort_waiting_for_a_minute_at_most(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    silent: str,
    to: str | None,
) -> None:
    """STS answers there. Its stack says what was, as for a region of which nothing answers."""
    if to:
        assert kill_after_promotion(platform)
    else:
        failed_over_in_part(platform)
    clock, waiting = 0.0, list[str]()

    def hangs(world: World, region: str, asked: dict[str, Any]) -> Any:
        nonlocal clock
        if region == platform.region(silent):
            waiting.append(str(steps._under_way[-1]))
            clock += 20.0
            raise ReadTimeoutError(endpoint_url="https://rds")
        return ANSWERS["describe_db_instances"](world, region, asked)

    monkeypatch.setattr(fake_regions, "ANSWERS", ANSWERS | {"describe_db_instances": hangs})
    monkeypatch.setattr(facts.time, "monotonic", lambda: clock)
    if silent == "prod" and not to:
        with pytest.raises(
            OpsError, match=r"RDS of eu-central-1 does not answer.*`ops dr failover --to dr`"
        ) as refused:
            abort(platform.session())
        assert refused.value.exit_code is Exit.REFUSED
    else:
        abort(platform.session(waive_fence=None if to else "nobody was promoted there"), to)
        assert platform.routed_to() == {to or "prod"}
        assert platform.engine.is_open("prod") is (to is None)
    assert clock <= 100
    assert re.search(r"since .*, until .* UTC: RDS tells of the database of \w+", waiting[0])
    if silent == "dr":
        assert "RDS of eu-west-1 does not answer: `pulumi up --stack dr` once it does" in capsys.readouterr().out


def test_names_that_were_closed_are_open_again_although_the_region_does_not_answer(platform: Platform) -> None:
    """AWS may not answer there, while its hosts serve."""
    platform.lose()
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(waive_fence="gone"), "dr")
    assert platform.firewall.refs == [closing.REF, "own"]
    platform.engine.failing.clear()
    planned = abort(platform.session(dry_run=True)).entries
    assert platform.firewall.refs == [closing.REF, "own"]
    done = abort(platform.session()).entries
    assert [entry.name for entry in done] == [entry.name for entry in planned]
    assert (platform.firewall.refs, closing.is_closed(platform.session().ledger)) == (["own"], False)


@pytest.mark.parametrize("to", REGIONS)
def test_a_replica_that_somebody_promoted_by_hand_is_not_taken_for_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    """Its stack and its file say that it follows: two regions take writes, and one has to be chosen."""
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    database(platform, "dr")["source"] = ""
    platform.engine.stale_source.add("dr")
    (line,) = status.status().deviations
    assert line == "the database of dr is a writer, and its stack says that it follows: `ops dr abort`"
    with pytest.raises(OpsError, match="nothing to promote; `ops dr abort`"):
        failover(platform.session(), "dr")
    with pytest.raises(OpsError, match="choose one with --to"):
        abort(platform.session())
    abort(platform.session(), to)
    assert served(platform) == to
    if to == "prod":
        rebuild.rebuild_standby(platform.session(), "dr")
        assert database(platform, "dr")["source"] != ""
        assert platform.file("dr").get("database.retained_generations") == [1]


@pytest.mark.parametrize("at", [2, 4])
def test_a_fence_that_another_checkout_knows_nothing_of_is_opened_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Neither the stack nor that file says that a region is half closed."""
    text = platform.file("prod").path.read_text()
    assert kill(platform, monkeypatch, at, lambda p: failover(p.session(), "dr"), after=False)
    platform.file("prod").path.write_text(text)
    abort(platform.session())
    assert served(platform) == "prod"


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_rebuild_killed_at_any_of_its_changes_ends_with_a_standby_that_can_be_opened(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.lost.clear()
    assert kill(platform, monkeypatch, at, lambda p: rebuild.rebuild_standby(p.session(), "prod"), after=False)
    rebuild.rebuild_standby(platform.session(), "prod")
    assert (database(platform, "prod")["source"] != "", platform.engine.is_open("prod")) == (True, True)


def test_where_nothing_is_half_done_nothing_is_done(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    assert [entry.name for entry in abort(platform.session()).entries] == ["find the region that takes writes"]
    failover(platform.session(), "dr")
    assert [entry.name for entry in abort(platform.session()).entries] == ["find the region that takes writes"]
    assert "nothing is unfinished: dr serves" in capsys.readouterr().out


def test_a_decision_that_was_given_up_is_gone(platform: Platform) -> None:
    platform.lose()
    platform.engine.failing["dr"] = OpsError("InsufficientCacheClusterCapacity")
    with pytest.raises(OpsError, match="Insufficient"):
        failover(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.world.lost.clear()
    abort(platform.session())
    assert served(platform) == "prod"
    assert platform.history() == ["waiver", "aborted", "abort"]
    platform.engine.ups.clear()
    failover(platform.session(), "dr")
    assert platform.engine.ups == ["dr", "edge", "dr", "prod"]


def test_a_region_that_does_not_answer_is_not_opened_and_its_standby_follows_again(platform: Platform) -> None:
    """That region does not serve, and the command to continue is named; what was not fenced need not be opened."""
    platform.lose()
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    abort(platform.session())
    assert platform.file("dr").get("activated") is False
    assert platform.session().ledger.get(UNDER_WAY) is None
    platform.file("prod").set({"fenced": True})
    with pytest.raises(OpsError, match="`ops dr failover --to dr`") as refused:
        abort(platform.session())
    assert refused.value.exit_code is Exit.REFUSED


def test_a_writer_that_does_not_answer_is_not_left_unfenced_without_a_word(platform: Platform) -> None:
    activated(platform)
    platform.file("prod").set({"fenced": False})
    platform.engine.up("prod", None)
    platform.lose()
    with pytest.raises(OpsError, match="--waive-fence"):
        abort(platform.session(), "dr")
    abort(platform.session(waive_fence="gone"), "dr")
    assert platform.history()[-2:] == ["waiver", "abort"]
    assert platform.routed_to() == {"dr"}


def test_a_checkout_that_is_older_is_written_from_the_stacks(platform: Platform) -> None:
    older = {stack: platform.file(stack).path.read_text() for stack in (*REGIONS, "edge")}
    failover(platform.session(), "dr")
    failback(platform.session(rebuild=True), "prod")
    newer = {stack: platform.session().pair[stack].recorded for stack in REGIONS}
    for stack, text in older.items():
        platform.file(stack).path.write_text(text)
    platform.engine.ups.clear()
    abort(platform.session(dry_run=True))
    assert {stack: platform.file(stack).path.read_text() for stack in older} == older
    abort(platform.session())
    assert platform.engine.ups == []
    assert {stack: platform.session().pair[stack].undone for stack in newer} == {"prod": {}, "dr": {}}
    assert served(platform) == "prod"


def test_a_checkout_of_before_a_failover_without_a_fence_is_written_from_the_stacks(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take writes since the lost region is back: the stacks show which of them serves."""
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    older = {stack: platform.file(stack).path.read_text() for stack in (*REGIONS, "edge")}
    assert kill_after_promotion(platform)
    failed_over(platform)
    for stack, text in older.items():
        platform.file(stack).path.write_text(text)
    assert [re.sub(" is older than.*", "", line) for line in status.status().deviations] == [
        "Pulumi.dr.yaml: topology: 1",
        "Pulumi.edge.yaml: topology: 1",
    ]
    abort(platform.session())
    assert served(platform) == "dr"


def test_a_replica_that_rds_is_changing_may_be_promoted_at_any_moment(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.dr.verdict.SETTLED_SECONDS", 0.0)
    assert kill(platform, monkeypatch, 6, lambda p: activate_region(p.session(), "dr"), after=False)
    database(platform, "dr")["status"] = "modifying"
    platform.engine.ups.clear()
    with pytest.raises(OpsError, match="RDS has finished modifying"):
        abort(platform.session())
    assert platform.engine.ups == []


def test_an_engine_at_work_is_waited_for(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_use(stack: str) -> str:
        return "stack dr is in use by ann@laptop (pid 7)" if stack == "dr" else ""

    monkeypatch.setattr("ops.dr.verdict.in_use", in_use)
    with pytest.raises(OpsError, match=r"dr is in use by ann@laptop") as busy:
        abort(platform.session())
    assert busy.value.exit_code is Exit.BUSY


def test_an_engine_killed_on_another_machine_is_reported_before_anything_is_abandoned_or_fenced(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only on that machine it can be seen whether it lives."""
    lock = {"pid": 7, "username": "ann", "hostname": "another-laptop", "timestamp": "2026-11-28T11:21:44Z"}
    kept, key = Folder(platform.state.parent / STATE_FOLDER), "locks/organization/askproai/dr/7.json"
    kept.write(key, json.dumps(lock).encode())
    with pytest.raises(OpsError, match="`ops recover dr --take-lock`") as refused:
        failover(platform.session(), "dr")
    assert refused.value.exit_code is Exit.REFUSED
    assert platform.engine.is_open("prod")
    kept.delete(key)
    assert kill(platform, monkeypatch, 6, lambda p: failover(p.session(), "dr"), after=False)
    kept.write(key, json.dumps(lock).encode())
    with pytest.raises(OpsError, match="`ops recover dr --take-lock`") as busy:
        abort(platform.session())
    assert busy.value.exit_code is Exit.BUSY
    assert platform.session().ledger.get(UNDER_WAY) is not None


def test_the_status_names_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(), "dr")
    found = status.status()
    assert "prod is live but takes no writes: `ops dr abort`" in found.deviations
    status.show(found)
    assert "continue it with `ops dr failover --to dr`, or abandon it with `ops dr abort`" in capsys.readouterr().out


def test_a_replica_is_not_served_from(platform: Platform) -> None:
    with pytest.raises(OpsError, match="dr takes no writes: `ops dr failover --to dr`"):
        abort(platform.session(), "dr")


def test_an_abort_names_no_rebuild_while_a_failback_would_refuse_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_over(platform)
    rebuild.rebuild_standby(platform.session(), "prod")
    # The engine has made the next database of dr, and is killed before it records that.
    assert kill(platform, monkeypatch, 11, lambda p: failback(p.session(), "prod"), after=True)
    with pytest.raises(OpsError, match="generation 2 of dr is there already: continue it with `ops dr failback"):
        abort(platform.session(), "dr")
