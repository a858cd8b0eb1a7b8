"""Recovery objectives from the declaration: what meets the promises, what breaks them, and what to change then."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from fake_cloud import Cloud
from hypothesis import given
from hypothesis import strategies as st
from regions import region, serving
from stack_files import ROOT

from ops.objectives.expected import Posture, Standby
from ops.objectives.objectives import (
    REPLICA_HAS_TWO_ZONES,
    REPLICA_KEEPS_BACKUPS,
    UPLOADS,
    Declaration,
    Objective,
    Scenario,
    objectives,
)
from outputs import RegionOutputs
from project_files import Project

STACKS = ("prod", "dr", "edge")
PROMISED = Declaration(
    rto_minutes=240,
    rpo_minutes=60,
    noticed_minutes=3,
    standby=Standby(posture="pilot-light", warmup_seconds=300, keeps_backups=True, two_zones=True),
    replica_lag_seconds=300,
    backups_behind_minutes=None,
    copy_every_minutes=60,
    copy_takes_minutes=120,
    restorable_days=35,
    uploads="time-control",
    versions_kept_days=30,
    messages_kept_days=4,
)


def row(declared: Declaration, what: str, scenario: Scenario = Scenario.REGION_LOST) -> Objective:
    (found,) = [row for row in objectives(declared) if row.what == what and row.scenario is scenario]
    return found


def committed() -> dict[str, dict[str, Any]]:
    return {stack: dict(Project(ROOT).values(stack)) for stack in STACKS}


def database(cloud: Cloud[RegionOutputs]) -> Mapping[str, Any]:
    (instance,) = cloud.of("aws:rds/instance:Instance")
    return instance.inputs


def test_what_is_said_of_backups_on_the_replica_is_what_is_declared() -> None:
    assert (database(region("dr"))["backupRetentionPeriod"] > 0) is REPLICA_KEEPS_BACKUPS


def test_what_is_said_of_the_second_zone_is_what_is_declared() -> None:
    assert database(serving("dr"))["multiAz"] is True
    assert database(region("dr"))["multiAz"] is REPLICA_HAS_TWO_ZONES


def test_what_is_said_of_the_uploads_is_what_is_declared() -> None:
    rules = [
        rule
        for config in region("prod").of("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
        for rule in config.inputs["rules"]
    ]
    assert rules
    promised = all(rule["destination"]["replicationTime"]["status"] == "Enabled" for rule in rules)
    assert ("time-control" if promised else "best-effort") == UPLOADS


def test_the_committed_pair_keeps_what_is_promised() -> None:
    assert [row.change for row in objectives(Declaration.of(committed(), *STACKS)) if not row.within] == []


def test_the_promises_are_no_less_than_those_of_the_operations_manual() -> None:
    declared = Declaration.of(committed(), *STACKS)
    assert declared.rto_minutes <= 240
    assert declared.rpo_minutes <= 60


def test_a_backup_every_four_hours_alone_breaks_the_promise() -> None:
    alone = replace(PROMISED, replica_lag_seconds=None, copy_every_minutes=240, copy_takes_minutes=0)
    found = row(alone, "database")
    assert found.rpo_minutes == 240
    assert not found.within
    assert "let the other region follow" in found.change


@pytest.mark.parametrize(("takes", "within"), [(0, True), (1, False), (120, False)])
def test_hourly_copies_alone_are_enough_only_if_they_arrive_at_once(takes: float, within: bool) -> None:
    alone = replace(PROMISED, replica_lag_seconds=None, copy_takes_minutes=takes)
    assert row(alone, "database").within is within


def test_automated_backups_in_the_other_region_keep_the_promise_without_a_replica() -> None:
    found = row(replace(PROMISED, replica_lag_seconds=None, backups_behind_minutes=30), "database")
    assert (found.rpo_minutes, found.within) == (30, True)


def test_what_is_said_of_automated_backups_is_what_the_standby_declares() -> None:
    kept = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
    assert Declaration.of(committed(), *STACKS).backups_behind_minutes == 30
    assert len(region("dr").of(kept)) == 1
    files = committed()
    files["dr"]["activated"] = True
    assert Declaration.of(files, *STACKS).backups_behind_minutes is None
    assert serving("dr").of(kept) == []


def test_daily_copies_count_while_the_region_that_makes_them_is_live() -> None:
    files = committed()
    assert Declaration.of(files, "prod", "dr", "edge").copy_every_minutes == 1440
    assert Declaration.of(files, "dr", "prod", "edge").copy_every_minutes is None


def test_a_replica_makes_up_for_slow_copies() -> None:
    assert row(PROMISED, "database").rpo_minutes == 5
    assert "replica" in row(PROMISED, "database").formula


def test_without_replica_and_copies_everything_is_lost() -> None:
    found = row(replace(PROMISED, replica_lag_seconds=None, copy_every_minutes=None), "database")
    assert found.rpo_minutes is None
    assert not found.within


def test_a_standby_that_follows_nobody_is_no_replica() -> None:
    files = committed()
    files["dr"]["activated"] = True
    assert Declaration.of(files, *STACKS).replica_lag_seconds is None


def test_a_replica_is_no_help_against_corruption() -> None:
    found = row(replace(PROMISED, restorable_days=0), "database", Scenario.DATA_CORRUPTED)
    assert not found.within
    assert "backup_retention_days" in found.change


def test_corruption_costs_five_minutes_where_points_in_time_can_be_restored() -> None:
    found = row(PROMISED, "database", Scenario.DATA_CORRUPTED)
    assert found.rpo_minutes == 5
    assert found.within


@pytest.mark.parametrize(("uploads", "within"), [("none", False), ("best-effort", False), ("time-control", True)])
def test_uploads_need_replication_with_a_promise(uploads: Any, within: bool) -> None:
    assert row(replace(PROMISED, uploads=uploads), "uploads").within is within


def test_messages_that_expire_before_the_outage_ends_break_the_promise() -> None:
    assert row(PROMISED, "queue messages").within
    assert not row(replace(PROMISED, messages_kept_days=0.1), "queue messages").within


def test_every_broken_promise_is_told_at_once_with_what_to_change() -> None:
    broken = replace(PROMISED, rto_minutes=10, restorable_days=0, uploads="none")
    assert [bool(row.change) for row in objectives(broken) if not row.within] == [True] * 3


@given(st.floats(0, 3600), st.floats(0, 3600), st.floats(1, 1440), st.floats(0, 600))
def test_more_lag_never_loses_less(one: float, other: float, every: float, takes: float) -> None:
    less, more = sorted((one, other))
    losses = [
        row(
            replace(PROMISED, replica_lag_seconds=lag, copy_every_minutes=every, copy_takes_minutes=takes), "database"
        ).rpo_minutes
        for lag in (less, more)
    ]
    assert losses[0] is not None
    assert losses[1] is not None
    assert losses[0] <= losses[1]


@given(st.floats(1, 1440), st.floats(1, 1440), st.floats(0, 600))
def test_less_frequent_copies_never_lose_less(one: float, other: float, takes: float) -> None:
    often, seldom = sorted((one, other))
    losses = [
        row(
            replace(PROMISED, replica_lag_seconds=None, copy_every_minutes=every, copy_takes_minutes=takes), "database"
        ).rpo_minutes
        for every in (often, seldom)
    ]
    assert losses[0] is not None
    assert losses[1] is not None
    assert losses[0] <= losses[1]


@given(st.floats(1, 1440), st.floats(1, 1440), st.floats(1, 1440), st.sampled_from(["pilot-light", "warm"]))
def test_a_wider_promise_is_never_harder_to_keep(one: float, other: float, rpo: float, posture: Posture) -> None:
    narrow, wide = sorted((one, other))
    standby = replace(PROMISED.standby, posture=posture)
    kept = [
        {(row.what, row.scenario) for row in objectives(given_) if row.within}
        for rto in (narrow, wide)
        if (given_ := replace(PROMISED, rto_minutes=rto, rpo_minutes=rpo, standby=standby, messages_kept_days=400))
    ]
    assert kept[0] <= kept[1]


@given(st.floats(1, 600))
def test_a_warm_standby_is_never_slower_than_a_pilot_light(warmup: float) -> None:
    times = [
        row(
            replace(PROMISED, standby=replace(PROMISED.standby, posture=posture, warmup_seconds=int(warmup))), "service"
        ).rto_minutes
        for posture in ("warm", "pilot-light")
    ]
    assert times[0] is not None
    assert times[1] is not None
    assert times[0] <= times[1]
