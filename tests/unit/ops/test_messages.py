"""What operators read when a command ends early, as one file: messages.txt; a change of it is reviewed as text.

`UPDATE_MESSAGES=1 python -m pytest tests/unit/ops/test_messages.py` writes it again.
"""

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_engine import STACKS
from fake_platform import Platform, platform_in
from fake_releases import end_window, publish

from ops.core import gates, settle, visitor
from ops.core.session import UNDER_WAY
from ops.core.visitor import Answer
from ops.deploy.promote import promote
from ops.deploy.rollback import rollback
from ops.deploy.start import start
from ops.dr import activate, drop, flip, rebuild, status
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.dr.preflight import Preflight
from ops.errors import OpsError

SNAPSHOT = Path(__file__).parent / "messages.txt"
Case = Callable[[Platform, pytest.MonkeyPatch], object]


def everything_missing(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.secrets.clear()
    p.world.images.clear()
    p.world.key_state, p.world.certificate, p.world.vcpus, p.world.lag_seconds = "Disabled", "EXPIRED", 1.0, 4000.0
    return activate.activate_region(p.session(), "dr")


def lag_unknown(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.lag_seconds = None
    return activate.activate_region(p.session(), "dr")


def no_outputs(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.engine.forget("dr")
    return activate.activate_region(p.session(), "dr")


def lost(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.lose()
    return failover(p.session(), "dr")


def not_caught_up(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.lag_seconds = 200.0
    return activate.activate_region(p.session(), "dr")


def another_under_way(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.session().ledger.put(UNDER_WAY, {"operation": "failback", "to": "prod", "started": "THEN", "from": "dr"})
    return activate.activate_region(p.session(), "dr")


def nobody_to_confirm(p: Platform, m: pytest.MonkeyPatch) -> object:
    m.setattr("sys.stdin.isatty", lambda: False, raising=False)
    return activate.activate_region(p.session(yes=False), "dr")


def gates_closed(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.in_service = 1
    return flip.flip_to(p.session(), "dr")


def activated(p: Platform) -> None:
    p.file("dr").set({"activated": True})
    p.engine.up("dr", None)


def edge_fails(p: Platform, _: pytest.MonkeyPatch) -> object:
    activated(p)
    p.world.edge_failures = 3
    return flip.flip_to(p.session(), "dr")


def edge_without_effect(p: Platform, _: pytest.MonkeyPatch) -> object:
    activated(p)
    p.world.ignored_names.add("askproai.de")
    return flip.flip_to(p.session(), "dr")


def nobody_served(p: Platform, m: pytest.MonkeyPatch) -> object:
    activated(p)
    visit = p.visit

    def elsewhere(host: str, path: str, *_: object, **__: object) -> Answer:
        return Answer(status=530, body="") if host.startswith("app.") else visit(host, path)

    m.setattr(visitor, "visit", elsewhere)
    return flip.flip_to(p.session(), "dr")


def failed_over(p: Platform) -> None:
    p.lose()
    failover(p.session(waive_fence="gone"), "dr")
    p.world.lost.clear()


def diverged(p: Platform, _: pytest.MonkeyPatch) -> object:
    failed_over(p)
    return failback(p.session(), "prod")


def primary(p: Platform, _: pytest.MonkeyPatch) -> object:
    failed_over(p)
    return failover(p.session(), "prod")


def rebuild_of_the_live_region(p: Platform, _: pytest.MonkeyPatch) -> object:
    failed_over(p)
    return rebuild.rebuild_standby(p.session(), "dr")


def open_while_the_other_writes(p: Platform, _: pytest.MonkeyPatch) -> object:
    activate.activate_region(p.session(), "dr")
    return activate.activate_region(p.session(), "prod")


def drop_without_snapshot(p: Platform, _: pytest.MonkeyPatch) -> object:
    failed_over(p)
    rebuild.rebuild_standby(p.session(), "prod")
    p.world.snapshots.clear()
    return drop.drop_database(p.session(), "prod", 1)


def deviations(p: Platform, m: pytest.MonkeyPatch) -> object:
    def nobody(*_: object) -> list[object]:
        return []

    m.setattr(settle, "locks", nobody)
    failed_over(p)
    p.world.killed.add("dr")
    p.file("prod").set({"database.generation": 2, "database.retained_generations": [1]})
    raise OpsError("\n".join(status.deviations(p.session().pair, p.session().engine)))


def gates_of_a_region_that_is_lost(p: Platform, _: pytest.MonkeyPatch) -> object:
    pair = p.session().pair
    p.lose()
    raise OpsError("\n".join(map(str, gates.ask(pair, pair["prod"], None))))


def checks_of_a_region_that_is_lost(p: Platform, _: pytest.MonkeyPatch) -> object:
    pair = p.session().pair
    p.world.lost.add(pair["dr"].region)
    found = Preflight(standby=pair["dr"], other=pair["prod"]).run()
    raise OpsError("\n".join(finding.text for finding in found))


def deployment_without_anything(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.restorable = datetime(2000, 1, 1, tzinfo=UTC)
    p.world.in_service, p.world.certificate = 1, "EXPIRED"
    p.session().ledger.put(UNDER_WAY, {"operation": "failback", "to": "prod", "started": "THEN", "from": "dr"})
    return start(p.session(), "1.2.3")


def deployment_beside_another(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.command_status = "Failed"
    publish(p, "1.2.3", "prod")
    with pytest.raises(OpsError, match="SQLSTATE"):
        start(p.session(), "1.2.3")
    return start(p.session(), "1.2.4")


def migrations_fail(p: Platform, _: pytest.MonkeyPatch) -> object:
    p.world.command_status = "Failed"
    publish(p, "1.2.3", "prod")
    return start(p.session(), "1.2.3")


def early_promotion(p: Platform, _: pytest.MonkeyPatch) -> object:
    publish(p, "1.2.3", "prod")
    start(p.session(), "1.2.3")
    return promote(p.session())


def promotion_without_archive(p: Platform, _: pytest.MonkeyPatch) -> object:
    publish(p, "1.2.3", "prod")
    start(p.session(), "1.2.3")
    end_window(p)
    return promote(p.session())


def no_way_back(p: Platform, _: pytest.MonkeyPatch) -> object:
    publish(p, "1.2.3", "prod")
    start(p.session(), "1.2.3")
    p.world.unhealthy.add("prod-blue")
    return rollback(p.session())


CASES: tuple[Case, ...] = (
    *(everything_missing, lag_unknown, no_outputs, lost, not_caught_up, another_under_way, nobody_to_confirm),
    *(gates_closed, edge_fails, edge_without_effect, nobody_served, diverged, primary, rebuild_of_the_live_region),
    *(open_while_the_other_writes, drop_without_snapshot, deviations),
    *(gates_of_a_region_that_is_lost, checks_of_a_region_that_is_lost),
    *(deployment_without_anything, deployment_beside_another, migrations_fail, early_promotion),
    *(promotion_without_archive, no_way_back),
)


def messages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each case with its exit code and its lines; what stack files decide has a word in its place."""
    for case in CASES:
        place = folder / case.__name__
        place.mkdir()
        with monkeypatch.context() as patched:
            platform = platform_in(place, patched)
            with pytest.raises(OpsError) as raised:
                case(platform, patched)
            text = raised.value.message
            for stack in STACKS:
                text = text.replace(platform.region(stack), f"REGION-OF-{stack.upper()}")
        text = re.sub(r"parameter \S+", "parameter NAME", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "A TIME", text)
        text = re.sub(r"\d+ (minutes old|healthy hosts)", r"N \1", text)
        text = re.sub(r"\d+ (s are allowed|are needed|required)", r"N \1", text)
        yield f"{case.__name__.replace('_', ' ')}: exit code {raised.value.exit_code.value}\n{text}\n"


def test_the_messages_are_as_reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(messages(tmp_path, monkeypatch))
    if os.environ.get("UPDATE_MESSAGES"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()
