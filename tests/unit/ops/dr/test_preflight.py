"""Before anything changes, all missing prerequisites are named at once."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from fake_platform import Platform
from fake_regions import ANSWERS, arn, refusal

from ops.core import aws, facts
from ops.core.pair import Pair
from ops.dr.preflight import Preflight
from ops.errors import OpsError

REPLICA = "askproai-dr-database"


def findings(platform: Platform, accepted_lag: int | None = None) -> list[str]:
    pair: Pair = platform.session().pair
    found = Preflight(standby=pair["dr"], other=pair["prod"], accepted_lag=accepted_lag).run()
    return [f"warning: {finding.text}" if finding.weight == "warns" else finding.text for finding in found]


def test_a_complete_standby_passes_and_only_its_region_is_called(platform: Platform) -> None:
    assert findings(platform) == []
    assert platform.world.calls_to(platform.region("prod")) == []
    assert platform.world.changes() == []


def test_everything_that_is_missing_is_named_at_once(platform: Platform) -> None:
    world = platform.world
    world.secrets.clear()
    world.key_state, world.certificate, world.vcpus = "PendingDeletion", "EXPIRED", 1.0
    world.images.clear()
    world.databases[platform.region("dr")].clear()
    found = findings(platform)
    for part in ("secret askproai-dr-app is missing", "PendingDeletion", "EXPIRED", "image ami-1", "vCPUs", REPLICA):
        assert any(part in line for line in found), part
    assert len(found) == 6


def test_a_stack_that_was_never_brought_up_is_one_finding(platform: Platform) -> None:
    platform.engine.forget("dr")
    (found,) = findings(platform)
    assert "run `pulumi up --stack dr`" in found


def test_a_secret_that_differs_is_named_and_never_shown(platform: Platform) -> None:
    platform.world.secrets[platform.region("dr"), "askproai-dr-app"] = '{"app_key": "of-dr-alone"}'
    (found,) = findings(platform)
    assert "secret askproai-dr-app differs from the replica of askproai-prod-app" in found
    assert "of-dr-alone" not in found
    assert "of-both" not in found


def test_a_certificate_that_expires_soon_is_a_warning(platform: Platform) -> None:
    platform.world.expires = datetime.now(UTC) + timedelta(days=13)
    (found,) = findings(platform)
    assert found.startswith("warning: certificate certificate expires on")
    assert "want 14 days at least" in found
    platform.world.expires = datetime.now(UTC) + timedelta(days=15)
    assert findings(platform) == []


@pytest.mark.parametrize(
    ("lag", "age", "accepted", "part"),
    [
        (300.0, 30.0, None, None),
        (301.0, 30.0, None, "301 s behind, but only 300 s are allowed"),
        (301.0, 30.0, 301, None),
        (400.0, 30.0, 301, "400 s behind, but only 301 s are allowed"),
        (1.0, 299.0, None, None),
        (2.0, 1080.0, None, "minus 2 s may be missing; accept it with --accept-lag 1382"),
        (2.0, 1080.0, 0, "accept it with --accept-lag 1382"),
        (2.0, 1080.0, 1081, "accept it with --accept-lag 1382"),
        (2.0, 1080.0, 1382, None),
        (None, 30.0, None, "no ReplicaLag of the last 12 hours; accept it with --accept-lag 43200"),
        (None, 30.0, 0, "no ReplicaLag"),
        (None, 30.0, 43200, None),
        (0.0, 43300.0, None, "no ReplicaLag"),
    ],
)
def test_the_lag_must_be_known_fresh_and_small_or_accepted(
    platform: Platform, lag: float | None, age: float, accepted: int | None, part: str | None
) -> None:
    platform.world.lag_seconds, platform.world.lag_age_seconds = lag, age
    found = findings(platform, accepted)
    assert (part is None and found == []) or (part is not None and part in found[0])


def test_a_lag_that_is_old_says_from_when_on_writes_may_be_missing(platform: Platform) -> None:
    platform.world.lag_seconds, platform.world.lag_age_seconds = 2.0, 1080.0
    (found,) = findings(platform)
    shown = re.search(r"the newest lag is 2 s at (\S+) UTC: everything after (\S+) minus 2 s may be missing", found)
    assert shown
    assert shown[1] == shown[2]
    now = datetime.now(UTC)
    at = datetime.combine(now, time.fromisoformat(shown[1]), UTC)
    assert 1080 <= (now - at) % timedelta(days=1) / timedelta(seconds=1) < 1100


def test_the_metric_of_a_replication_that_stands_still_is_no_lag(platform: Platform) -> None:
    platform.world.lag_seconds = -1.0
    assert "no ReplicaLag" in findings(platform)[0]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (
            {"status": "modifying", "source": arn("elsewhere", "x")},
            "is modifying, and RDS only promotes an available one",
        ),
        ({"status": "available", "source": ""}, "is not a replica"),
    ],
)
def test_what_cannot_be_promoted_is_refused(platform: Platform, row: dict[str, str], part: str) -> None:
    platform.world.databases[platform.region("dr")][REPLICA] = row
    assert part in findings(platform)[0]


def test_a_replica_that_is_being_backed_up_is_waited_for(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    row = platform.world.databases[platform.region("dr")][REPLICA]
    row["status"] = "backing-up"

    def backed_up(_: float) -> None:
        row["status"] = "available"

    monkeypatch.setattr(facts.time, "sleep", backed_up)
    pair = platform.session().pair
    assert Preflight(standby=pair["dr"], other=pair["prod"], ready_seconds=5.0).run() == []


def test_a_replica_whose_storage_is_optimized_is_not_waited_for(platform: Platform) -> None:
    platform.world.databases[platform.region("dr")][REPLICA]["status"] = "storage-optimization"
    assert findings(platform) == []


@pytest.mark.parametrize(
    ("operation", "check"),
    [
        ("get_service_quota", "quota of vCPUs"),
        ("get_parameter", "image"),
        ("describe_certificate", "certificate"),
        ("describe_key", "keys"),
    ],
)
def test_what_aws_does_not_tell_is_a_warning_where_a_promotion_needs_it_not(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, operation: str, check: str
) -> None:
    def throttled(*_: object, **__: object) -> None:
        raise refusal("ThrottlingException")

    monkeypatch.setitem(ANSWERS, operation, throttled)
    (found,) = findings(platform)
    assert found.startswith(f"warning: {check} could not be checked")


def test_a_database_that_aws_does_not_tell_of_blocks(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(*_: object, **__: object) -> None:
        raise refusal("ThrottlingException")

    monkeypatch.setitem(ANSWERS, "describe_db_instances", throttled)
    pair = platform.session().pair
    (found,) = Preflight(standby=pair["dr"], other=pair["prod"]).run()
    assert (found.weight, found.text.partition(":")[0]) == ("blocks", "replica could not be checked")


@pytest.mark.parametrize("former", [None, '{"password": "of-before"}'])
def test_an_account_that_differs_does_not_stop_an_activation_and_one_never_created_is_not_reported(
    platform: Platform, former: str | None
) -> None:
    assert findings(platform) == []
    region = platform.region("dr")
    platform.world.secrets[region, "askproai-prod-database-application"] = '{"password": "rotated"}'
    if former:
        platform.world.secrets[region, "askproai-dr-database-application"] = former
    (found,) = findings(platform)
    secrets = "askproai-dr-database-application differs from the replica of askproai-prod-database-application"
    assert found == f"warning: secret {secrets}: it is copied before the promotion"


def test_a_secret_that_is_no_json_is_compared_as_it_is(platform: Platform) -> None:
    for stack, value in (("dr", "a"), ("prod", "b")):
        platform.world.secrets[platform.region("dr"), f"askproai-{stack}-app"] = value
    (found,) = findings(platform)
    assert "differs from the replica" in found


def test_credentials_that_do_not_work_are_one_line(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def expired(*_: object, **__: object) -> None:
        raise refusal("ExpiredToken", 403)

    for operation in ANSWERS:
        monkeypatch.setitem(ANSWERS, operation, expired)
    (found,) = findings(platform)
    assert found.startswith("credentials could not be checked")
    assert found.endswith(aws.LOG_IN)


def test_a_queue_that_only_the_primary_has_is_a_warning(platform: Platform) -> None:
    file = platform.file("prod").path
    queue = "{visibility_timeout_seconds: 90, retention_days: 4, max_receive_count: 3, dead_letter_retention_days: 14}"
    file.write_text(f"{file.read_text()}  askproai:workers: {{queues: {{exports: {queue}}}}}\n")
    (found,) = findings(platform)
    assert found.startswith("warning: Pulumi.dr.yaml differs from Pulumi.prod.yaml: workers.queues.exports.")


def test_what_nobody_applied_yet_comes_along_and_is_counted(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes(stack: str) -> dict[str, int]:
        return {"update": 125, "replace": 1}

    monkeypatch.setattr(platform.engine, "preview_changes", changes)
    (found,) = findings(platform)
    assert found.startswith(
        "warning: changes of stack dr that were never applied would be applied too: replace 1, update 125"
    )


def test_a_preview_that_fails_blocks_what_would_fail_after_the_fence(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(stack: str) -> dict[str, int]:
        raise OpsError("queue-exports cannot be deleted because it is protected")

    monkeypatch.setattr(platform.engine, "preview_changes", fails)
    pair = platform.session().pair
    (found,) = Preflight(standby=pair["dr"], other=pair["prod"]).run()
    assert (found.weight, "protected" in found.text) == ("blocks", True)


def test_a_region_that_does_not_answer_is_one_line_and_no_pass(platform: Platform) -> None:
    platform.lose("dr")
    (found,) = findings(platform)
    assert found.startswith("credentials could not be checked: Could not connect")
