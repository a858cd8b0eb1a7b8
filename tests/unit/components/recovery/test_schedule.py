"""The backup schedule, compared with both manuals and with what the two regions declare."""

from typing import Any

import pytest
from regions import region
from stack_files import settings_of

from components.recovery.schedule import SCHEDULE, Kept

PROD = settings_of("prod")
HOUR, DAY = 60, 24 * 60
START, COMPLETION = 60, 180
"""The maximum minutes until an AWS Backup job has started, and until it has ended."""
MANUALS = (
    # Operations manual, "Backup Schedule".
    ("database, locked", DAY, 30),
    ("database", HOUR, 7),
    ("files", DAY, 14),
    ("config", 0, 90),
    ("logs", DAY, 30),
    # DevOps manual, "Backup Strategy".
    ("database", 4 * HOUR, 7),
    ("application", DAY, 30),
    ("full system", 7 * DAY, 90),
)
"""A kind of data, the minutes between its backups, and the days that they stay."""


def kept(what: str) -> Kept:
    (found,) = [row for row in SCHEDULE if row.what == what]
    return found


@pytest.mark.parametrize(("what", "every", "days"), MANUALS)
def test_no_more_is_lost_than_in_the_manuals_and_it_stays_as_long(what: str, every: int, days: int) -> None:
    row, stays = kept(what), kept(what).days(PROD)
    # A backup of the manuals, too, is usable only once it is complete.
    assert row.lost_minutes <= every + (START + COMPLETION if every >= DAY else 0)
    assert stays is None or stays >= days


def test_every_kind_of_the_manuals_is_in_the_schedule_and_no_other() -> None:
    assert {row.what for row in SCHEDULE} == {what for what, _, _ in MANUALS}


def test_the_database_loses_no_more_than_is_promised_for_a_region() -> None:
    assert PROD.recovery is not None
    assert kept("database").lost_minutes <= PROD.recovery.rpo_minutes


def test_the_follower_keeps_the_automated_backups_as_long_as_the_source() -> None:
    days = kept("database").days(PROD)
    replicated = region("dr").one("aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication")
    source = region("prod").one("aws:rds/instance:Instance").inputs
    assert replicated.inputs["retentionPeriod"] == source["backupRetentionPeriod"] == days


def test_the_recovery_points_are_made_and_stay_as_the_schedule_says() -> None:
    rules: dict[str, Any] = {
        rule["ruleName"]: rule for rule in region("prod").one("aws:backup/plan:Plan", "backups-plan").inputs["rules"]
    }
    stays = {name: [rule["lifecycle"]["deleteAfter"]] for name, rule in rules.items()}
    for name, rule in rules.items():
        stays[name] += [copy["lifecycle"]["deleteAfter"] for copy in rule["copyActions"]]
        assert (rule["startWindow"], rule["completionWindow"]) == (START, COMPLETION)
    assert stays == {
        "daily": [kept("database, locked").days(PROD)] * 2,
        "weekly": [kept("full system").days(PROD)] * 2,
    }
    hour = PROD.offsite.daily_copy_hour if PROD.offsite else None
    assert [rule["schedule"] for rule in rules.values()] == [f"cron(0 {hour} ? * * *)", f"cron(0 {hour} ? * SUN *)"]


@pytest.mark.parametrize(("what", "bucket"), [("files", "uploads"), ("application", "releases")])
def test_objects_reach_the_other_region_and_old_versions_stay(what: str, bucket: str) -> None:
    cloud = region("prod")
    (rule,) = cloud.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig", f"replication-{bucket}").inputs[
        "rules"
    ]
    assert rule["destination"]["replicationTime"]["time"]["minutes"] == kept(what).lost_minutes
    rules = cloud.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", f"storage-{bucket}-lifecycle"
    ).inputs["rules"]
    (leftovers,) = rules
    assert leftovers["noncurrentVersionExpiration"]["noncurrentDays"] >= (kept(what).days(PROD) or 0)


def test_logs_stay_as_long_as_the_schedule_says() -> None:
    days = kept("logs").days(PROD)
    cloud = region("prod")
    rules = cloud.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "storage-logs-lifecycle"
    ).inputs["rules"]
    (ageing,) = [rule for rule in rules if rule["id"] == "ageing"]
    assert ageing["expiration"]["days"] == days
    assert days is not None
    assert all(group.inputs["retentionInDays"] >= days for group in cloud.of("aws:cloudwatch/logGroup:LogGroup"))
