"""The morning checklist: what is ok, what needs attention, and what is unknown."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import botocore
import botocore.session
import pytest
import typer
from fake_platform import Platform, platform_in
from fake_regions import ANSWERS, refusal

from components.account import rights
from ops.check import commands
from ops.check.checks import CHECKS, Checklist, Verdict, checklist, show
from ops.core import engine
from ops.core.aws import LOG_IN_AGAIN
from ops.core.visitor import Answer
from ops.errors import Exit, OpsError


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = platform_in(tmp_path, monkeypatch)
    found.world.backup_age = timedelta(hours=1)
    return found


def asked(platform: Platform) -> Checklist:
    return checklist(platform.session().pair)


def looked_at(found: Checklist) -> dict[tuple[str, str], str]:
    return {(each.stack, each.check): each.says for each in found.findings if each.verdict is Verdict.BAD}


def test_a_quiet_night_is_well_and_nothing_is_changed(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(platform)
    assert found.well
    assert [(each.stack, each.check) for each in found.findings] == [
        (stack, check) for stack in ("prod", "dr") for check in CHECKS
    ]
    idle = [(each.stack, each.check) for each in found.findings if each.verdict is Verdict.IDLE]
    assert idle == [("prod", "replica"), ("dr", "services")]
    assert platform.world.changes() == []
    show(found)
    assert "all health checks answer" in capsys.readouterr().out


def test_what_rings_is_named_and_that_of_other_stacks_is_not(platform: Platform) -> None:
    platform.world.alarms[platform.region("prod")] = {
        "askproai-prod-alarms-errors-critical": "ALARM",
        "askproai-prod-alarms-slow-warning": "OK",
        "askproai-prod-alarms-dead-high-warning": "INSUFFICIENT_DATA",
        "askproai-staging-alarms-slow-warning": "ALARM",
    }
    assert looked_at(asked(platform)) == {("prod", "alarms"): "errors-critical"}


Break = Callable[[Platform], object]
BROKEN: dict[str, tuple[Break, tuple[str, str], str]] = {
    "a replica that is behind": (
        lambda p: setattr(p.world, "lag_seconds", 10_000.0),
        ("dr", "replica"),
        "10000 s behind",
    ),
    "a lag of an hour ago": (lambda p: setattr(p.world, "lag_age_seconds", 3600.0), ("dr", "replica"), "3600 s ago"),
    "no lag at all": (lambda p: setattr(p.world, "lag_seconds", None), ("dr", "replica"), "no ReplicaLag"),
    "an old backup": (lambda p: setattr(p.world, "backup_age", timedelta(days=4)), ("prod", "backups"), "h old"),
    "no backup": (lambda p: setattr(p.world, "backup_age", None), ("prod", "backups"), "none"),
    "nothing kept of the source": (lambda p: setattr(p.world, "kept_age", None), ("dr", "backups"), "none of prod"),
    "what is kept of the source is old": (
        lambda p: setattr(p.world, "kept_age", timedelta(days=1)),
        ("dr", "backups"),
        "those of prod reach to",
    ),
    "a certificate that waits": (
        lambda p: setattr(p.world, "certificate", "PENDING_VALIDATION"),
        ("prod", "certificate"),
        "want ISSUED",
    ),
    "a database that was promoted": (
        lambda p: p.world.databases[p.region("dr")]["askproai-dr-database"].update(source=""),
        ("dr", "database"),
        "want a replica",
    ),
    "a database that is gone": (
        lambda p: p.world.databases[p.region("dr")].clear(),
        ("dr", "database"),
        "missing",
    ),
}


@pytest.mark.parametrize(("broken", "where", "says"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_to_be_looked_at(platform: Platform, broken: Break, where: tuple[str, str], says: str) -> None:
    broken(platform)
    found = asked(platform)
    assert says in looked_at(found)[where]
    assert not found.well


def test_a_service_that_fails_is_named(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def visit(host: str, path: str, **_: object) -> Answer:
        return Answer(status=503 if path.endswith("/redis") else 200, body="")

    monkeypatch.setattr("ops.core.visitor.visit", visit)
    assert looked_at(asked(platform)) == {("prod", "services"): "redis 503"}


def test_of_a_lost_region_nothing_is_known_and_that_is_not_well(platform: Platform) -> None:
    platform.lose("dr")
    found = asked(platform)
    assert {each.verdict for each in found.findings if each.stack == "dr"} == {Verdict.UNKNOWN}
    assert not found.well
    assert looked_at(found) == {}
    assert platform.world.calls_to(platform.region("dr")) == ["get_caller_identity"]


def test_credentials_that_end_on_the_way_are_no_state_of_a_region(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(*_: object) -> None:
        raise refusal("ExpiredToken", 403)

    monkeypatch.setitem(ANSWERS, "describe_certificate", expired)
    with pytest.raises(OpsError, match=LOG_IN_AGAIN):
        asked(platform)


def test_without_the_region_of_the_state_backend_another_command_is_named(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"s3://state?region={platform.region('dr')}")
    platform.lose("dr")
    with pytest.raises(OpsError, match="`ops dr status` works without it"):
        asked(platform)


def test_programs_get_json_and_an_exit_code(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "Engine", lambda: platform.engine)
    commands.command(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["well"], len(told["findings"])) == (True, 2 * len(CHECKS))
    platform.world.certificate = "EXPIRED"
    with pytest.raises(typer.Exit) as ended:
        commands.command(as_json=False)
    assert ended.value.exit_code == Exit.REFUSED


def ran(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Exit:
    """The exit code of `ops check --report`."""
    monkeypatch.setattr(engine, "Engine", lambda: platform.engine)
    try:
        commands.command(reports=True)
    except typer.Exit as ended:
        return Exit(ended.exit_code)
    except OpsError:
        return Exit.FAILED
    return Exit.OK


def reported(platform: Platform) -> dict[str, list[float]]:
    return {
        region: [datum["Value"] for asked in found for datum in asked["MetricData"]]
        for region, found in platform.world.published.items()
    }


def test_both_regions_are_told_of_the_whole_pair(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    prod, dr = platform.region("prod"), platform.region("dr")
    assert ran(platform, monkeypatch) is Exit.OK
    platform.world.certificate = "EXPIRED"
    assert ran(platform, monkeypatch) is Exit.REFUSED
    assert reported(platform) == {prod: [0, 2], dr: [0, 2]}


def test_the_surviving_region_gets_the_number_of_unknown_findings_of_the_lost_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.lose()
    assert ran(platform, monkeypatch) is Exit.FAILED
    assert reported(platform) == {platform.region("dr"): [len(CHECKS)]}


def test_a_report_that_is_refused_fails_even_where_all_is_well(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.world.forbidden.add((platform.region("dr"), "put_metric_data"))
    assert ran(platform, monkeypatch) is Exit.FAILED
    assert reported(platform) == {platform.region("prod"): [0]}


def test_a_bad_report_does_not_make_the_next_one_bad(platform: Platform) -> None:
    platform.world.alarms[platform.region("prod")] = {
        "askproai-prod-alarms-checklist-bad-warning": "ALARM",
        "askproai-prod-alarms-checklist-missing-warning": "ALARM",
    }
    assert asked(platform).well


def test_the_role_of_the_schedule_may_do_what_the_checklist_asks_and_no_more(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(platform, monkeypatch)
    # This call needs no permission (IAM User Guide, "Getting the account ID").
    asked_for = {permission(service, call) for _, service, call in platform.world.calls if service != "sts"}
    reads, report = rights.checks()
    assert {*reads["Action"], report["Action"]} == asked_for
    [namespace] = {asked["Namespace"] for found in platform.world.published.values() for asked in found}
    assert report["Condition"] == {"StringEquals": {"cloudwatch:namespace": namespace}}


def permission(service: str, call: str) -> str:
    """A call of boto3 as IAM has it."""
    model = botocore.session.get_session().get_service_model(service)
    [operation] = [name for name in model.operation_names if botocore.xform_name(name) == call]
    return f"{model.signing_name if service != 'cloudwatch' else service}:{operation}"
