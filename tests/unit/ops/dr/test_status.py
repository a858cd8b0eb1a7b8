"""The status: both regions side by side, and every deviation from normal operation with the command that fixes it."""

import os
import re
from pathlib import Path

import pytest
from fake_platform import Platform, platform_in

from ops.core import settle, visitor
from ops.core.ledger import operator
from ops.core.session import LOCK
from ops.dr import status
from ops.dr.activate import activate_region
from ops.dr.failover import failover
from ops.dr.rebuild import rebuild_standby
from ops.errors import OpsError


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = platform_in(tmp_path, monkeypatch)
    monkeypatch.setattr(status, "Engine", lambda: found.engine)

    def nobody(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(settle, "locks", nobody)
    return found


def test_in_normal_operation_there_is_no_deviation(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    found = status.status()
    assert found.deviations == []
    prod, dr = found.regions
    assert (prod["live"], prod["health"], prod["database"]) == (
        "live",
        "ok",
        "askproai-prod-database: available, writer",
    )
    assert (dr["live"], dr["replica_lag"], dr["newest_backup"]) == ("", "0 s, 30 s ago", "3 h ago")
    assert platform.world.changes() == []
    status.show(found)
    assert "normal operation" in capsys.readouterr().out


def test_a_lost_region_is_asked_once_and_shown_as_unknown(platform: Platform) -> None:
    platform.lose()
    prod, dr = status.status().regions
    assert (prod["answers"], prod["database"], prod["instances"]) == ("no", "unknown", "unknown")
    assert dr["database"] == "askproai-dr-database: available, replica of askproai-prod-database"
    assert platform.world.calls_to(platform.region("prod")) == ["get_caller_identity"]


def test_after_a_failover_the_way_back_is_named(platform: Platform) -> None:
    platform.lose()
    failover(platform.session(waive_fence="gone"), "dr")
    deviations = "\n".join(status.status().deviations)
    assert "`ops dr failback --to prod`" in deviations
    assert "prod takes writes as well: `ops dr rebuild prod`" in deviations


def test_who_is_at_work_is_named(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    session = platform.session()
    with session.ledger.hold(LOCK):
        found = status.status()
    assert re.fullmatch(rf"{operator()} \(pid {os.getpid()}\) since \S+, last seen alive [\d:]{{8}} UTC", found.at_work)
    status.show(found)
    assert f"running: {found.at_work}" in capsys.readouterr().out
    assert status.status().at_work == ""


def test_a_killed_engine_and_a_kept_database_are_named(platform: Platform) -> None:
    platform.world.killed.add("dr")
    platform.file("prod").set({"database.generation": 2, "database.retained_generations": [1]})
    deviations = status.status().deviations
    assert "an engine was killed: `ops recover dr`" in deviations
    assert "prod keeps a former database: `ops dr drop prod 1`" in deviations


def test_a_fence_that_failed_is_not_shown_as_one(platform: Platform) -> None:
    platform.world.unwilling.add("delete_network_acl_entry")
    with pytest.raises(OpsError, match="InternalError"):
        failover(platform.session(), "dr")
    failover(platform.session(waive_fence="EC2 hangs", waive_answering=True), "dr")
    found = status.status()
    assert found.regions[0]["role"] == "primary, takes writes"
    assert "prod takes writes as well: `ops dr rebuild prod` once it answers" in found.deviations
    assert any(
        line.startswith("prod has fenced: false, but its stack file has another value") for line in found.deviations
    )


def test_a_fence_that_the_stack_does_not_know_of_is_shown(platform: Platform) -> None:
    platform.engine.failing["prod"] = OpsError("EC2 hangs")
    with pytest.raises(OpsError, match="prod is fenced, but its stack does not say so"):
        failover(platform.session(), "dr")
    found = status.status()
    assert found.regions[0]["role"] == "primary, fenced"
    assert "prod is fenced, but its stack does not say so: `pulumi up --refresh --stack prod`" in found.deviations


def test_the_status_reports_a_stack_file_from_before_a_failover(platform: Platform) -> None:
    before = {stack: platform.file(stack).path.read_text() for stack in ("dr", "edge")}
    failover(platform.session(), "dr")
    for stack, text in before.items():
        platform.file(stack).path.write_text(text)
    deviations = status.status().deviations
    assert [line for line in deviations if "has recorded" in line] == [
        f"Pulumi.{stack}.yaml: topology: 1 is older than 2, which the stack {stack} has recorded: pull the file; if "
        "nobody has committed it, `ops dr abort` writes what the stack has into it"
        for stack in ("dr", "edge")
    ]


def test_a_region_that_was_activated_and_not_flipped_to_is_flipped_to_next(platform: Platform) -> None:
    activate_region(platform.session(), "dr")
    assert status.status().deviations == [
        "prod is live but takes no writes: `ops dr flip --to dr` continues, `ops dr abort --to prod` goes back"
    ]


def test_what_an_operation_left_half_done_names_no_command_but_those_that_end_it(platform: Platform) -> None:
    """`pulumi up` of its file would promote the database, and a rebuild replace it."""
    platform.world.lost.add(platform.region("prod"))
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(waive_fence="gone"), "dr")
    found = status.status()
    assert found.under_way.endswith("continue it with `ops dr failover --to dr`, or abandon it with `ops dr abort`")
    (line,) = found.deviations
    assert line.startswith("the names may be closed at the edge")
    with pytest.raises(OpsError, match=r"the failover to dr, started .*, is not finished: `ops dr status`"):
        rebuild_standby(platform.session(), "dr")


def test_a_rebuild_that_stopped_is_gone_on_with(platform: Platform) -> None:
    failover(platform.session(), "dr")
    platform.engine.failing["prod"] = OpsError("no room for a replica")
    with pytest.raises(OpsError, match="no room"):
        rebuild_standby(platform.session(), "prod")
    assert "the rebuild of prod is not finished: `ops dr rebuild prod`" in status.status().deviations
    assert not [line for line in status.status().deviations if "pulumi up" in line]


def test_a_record_that_somebody_changed_by_hand_is_named(platform: Platform) -> None:
    platform.world.records["app.askproai.de"] = "balancer.dr"
    (line,) = status.status().deviations
    assert line == "app.askproai.de is routed to balancer.dr instead of prod: `ops dr flip --to prod`"


def test_dnssec_that_waits_for_the_registrar_is_something_to_do(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pending(*_: object) -> str:
        return "pending"

    monkeypatch.setattr(visitor, "dnssec", pending)
    found = status.status()
    assert found.deviations == []
    status.show(found)
    shown = "to do: DNSSEC is pending: give the registrar this DS record: askproai.de. 3600 IN DS 2371 13 2 AB"
    assert shown in capsys.readouterr().out


def test_a_plugin_that_a_flip_would_download_first_is_something_to_do(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform.engine, "missing_plugins", lambda: ["cloudflare 6.0.0"])
    assert status.status().to_do == [
        "plugin cloudflare 6.0.0 is not installed on this machine: `pulumi plugin install resource cloudflare 6.0.0`"
    ]


def test_dnssec_that_cannot_be_asked_is_a_line_and_no_end(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OpsError("Cloudflare: 502")

    monkeypatch.setattr(visitor, "dnssec", fails)
    assert status.status().to_do == ["the DNSSEC of askproai.de could not be asked: Cloudflare: 502"]


def test_records_that_cannot_be_asked_are_a_line_and_no_end(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OpsError("Cloudflare: 502")

    monkeypatch.setattr(visitor, "records", fails)
    assert status.status().deviations == ["the records of askproai.de could not be asked: Cloudflare: 502"]


def test_settings_in_which_the_two_files_differ_are_named(platform: Platform) -> None:
    platform.file("dr").set({"database.allocated_storage_gib": 900})
    (line,) = status.status().deviations
    assert line.startswith("Pulumi.dr.yaml differs from Pulumi.prod.yaml: database.allocated_storage_gib;")


def test_the_status_is_json_for_programs(platform: Platform) -> None:
    told = status.status().to_json()
    assert [region["stack"] for region in told["regions"]] == ["prod", "dr"]
    assert set(told) == {"regions", "deviations", "under_way", "at_work", "to_do"}


def test_without_the_region_of_the_state_backend_the_rest_is_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, regions and edge are read, but not the engine, which would wait for minutes."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"s3://state?region={platform.region('dr')}")
    platform.lose("dr")

    def waits(stack: str) -> None:
        pytest.fail(f"the engine was asked about {stack}")

    monkeypatch.setattr(platform.engine, "outputs", waits)
    found = status.status()
    prod, dr = found.regions
    assert (prod["role"], prod["health"], dr["answers"]) == ("primary, takes writes", "ok", "no")
    assert found.deviations == [
        "the state backend in eu-west-1 does not answer: the following comes from the stack files, regions and edge "
        "alone; if that region is lost, run `ops recover --backend-copy`"
    ]
