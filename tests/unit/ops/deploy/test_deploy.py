"""Releases: deployed in steps, refused with every problem at once, rolled back by one command, continued after a
kill."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import fake_regions
import pytest
from fake_platform import Platform
from fake_releases import NEW, OLD, declared, end_window, publish, refused, taken

from ops.core.engine_errors import LockedError
from ops.core.session import LOCK, UNDER_WAY
from ops.deploy import archive, deployment
from ops.deploy.promote import promote
from ops.deploy.rollback import rollback
from ops.deploy.start import start
from ops.errors import Exit, OpsError


def test_a_release_goes_out_by_steps_and_the_file_tells_each(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, ...]] = []
    up = platform.engine.up

    def watched(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        seen.append(tuple(declared(platform).values()))
        return up(stack, say, targets)

    monkeypatch.setattr(platform.engine, "up", watched)
    start(platform.session(), NEW)
    assert seen == [
        (OLD, NEW, 100, 0, OLD),
        (OLD, NEW, 90, 10, OLD),
        (OLD, NEW, 50, 50, OLD),
        (OLD, NEW, 0, 100, OLD),
        (OLD, NEW, 0, 100, NEW),
    ]
    green, blue = platform.world.fleets["prod-green"], platform.world.fleets["prod-blue"]
    assert (green["min_size"], green["max_size"]) == (blue["min_size"], blue["max_size"])
    assert [line for line in platform.world.commands if "artisan migrate --force" in line] == platform.world.commands
    assert len(platform.world.commands) == 1
    (snapshot,) = platform.world.snapshots
    assert snapshot.startswith("askproai-prod-database-deploy-")


def test_a_version_that_serves_is_not_deployed_again(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    start(platform.session(), OLD)
    assert f"{OLD} serves already" in capsys.readouterr().out
    start(platform.session(), NEW)
    platform.engine.ups.clear()
    start(platform.session(), NEW)
    assert f"{NEW} serves since" in capsys.readouterr().out
    assert platform.engine.ups == []


def test_everything_that_is_missing_is_named_at_once_and_nothing_changes(platform: Platform) -> None:
    publish(platform, NEW, "prod", checksum="0" * 64)
    platform.world.restorable = datetime.now(UTC) - timedelta(hours=3)
    platform.world.certificate = "EXPIRED"
    platform.session().ledger.put(UNDER_WAY, {"operation": "failback", "to": "prod", "started": "THEN", "from": "dr"})
    before = declared(platform)
    message = refused(platform)
    for part in (
        "the failback to prod, started THEN, is not finished",
        f"its checksum file says {'0' * 64}",
        "the newest backup of database askproai-prod-database is 180 minutes old; 60 minutes are allowed",
        "gate of prod closed: certificate",
    ):
        assert part in message
    assert (declared(platform), platform.engine.ups, platform.world.changes()) == (before, [], [])
    assert platform.session().ledger.get(deployment.key("prod")) is None


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("9.9", "release 9.9 is not in REGION: there is no releases/releases/9.9.tar.gz"),
        ("v 1", "'v 1' is not a release; want up to 64 letters"),
        ("", "'' is not a release"),
    ],
)
def test_a_version_that_hosts_could_not_fetch_is_refused(platform: Platform, version: str, told: str) -> None:
    assert told in refused(platform, version).replace(platform.region("prod"), "REGION")


@pytest.mark.parametrize(
    ("content", "told"), [(None, "has no checksum"), (b"", "is not a checksum"), (b"hello", "is not a checksum")]
)
def test_a_checksum_that_is_none_is_refused(platform: Platform, content: bytes | None, told: str) -> None:
    place = (platform.region("prod"), f"{archive.key(NEW)}.sha256")
    platform.world.objects.pop(place)
    if content is not None:
        platform.world.objects[place] = content
    assert told in refused(platform)


def test_colors_that_share_the_traffic_leave_none_idle(platform: Platform) -> None:
    sizes = {"web.green.min_size": 3}
    platform.file("prod").set({"web.blue.weight": 60, "web.green.weight": 40, **sizes})
    assert "web.blue.weight 60 and web.green.weight 40: no colour is idle; want 100 and 0" in refused(platform)


def test_beside_another_change_it_is_busy_or_refused(platform: Platform) -> None:
    with platform.session().ledger.hold(LOCK), pytest.raises(OpsError) as busy:
        start(platform.session(), NEW)
    assert busy.value.exit_code is Exit.BUSY
    platform.world.killed.add("prod")
    assert "an engine was killed: `ops recover prod`" in refused(platform)
    platform.world.killed.clear()
    platform.engine.failing["prod"] = LockedError("stack prod is locked by ann@laptop (pid 1)")
    with pytest.raises(OpsError, match="ann@laptop") as locked:
        start(platform.session(), NEW)
    assert locked.value.exit_code is Exit.BUSY


def test_a_dry_run_lists_the_steps_that_a_run_takes_and_changes_nothing(platform: Platform) -> None:
    before = declared(platform)
    would = taken(start(platform.session(dry_run=True), NEW), "would")
    assert (declared(platform), platform.engine.ups, platform.world.changes()) == (before, [], [])
    assert taken(start(platform.session(), NEW), "done") == would
    would_not = taken(rollback(platform.session(dry_run=True)), "would")
    assert taken(rollback(platform.session()), "done") == would_not
    start(platform.session(), NEW)
    end_window(platform)
    would_keep = taken(promote(platform.session(dry_run=True)), "would")
    assert taken(promote(platform.session()), "done") == would_keep
    assert min(map(len, (would, would_not, would_keep))) > 2


@pytest.mark.parametrize("dies_at", range(5))
def test_a_killed_command_goes_on_and_does_nothing_twice(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """The engine dies in its run `dies_at`, before or after its work."""
    up, runs = platform.engine.up, list[str]()

    def dying(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        runs.append(stack)
        if len(runs) == dies_at + 1:
            platform.world.killed.add(stack)
            if dies_at % 2:
                up(stack, say, targets)
            raise KeyboardInterrupt
        return up(stack, say, targets)

    monkeypatch.setattr(platform.engine, "up", dying)
    with pytest.raises(KeyboardInterrupt):
        start(platform.session(), NEW)
    start(platform.session(), NEW)
    assert platform.world.recovered == ["prod"]
    assert declared(platform)["web.green.weight"] == 100
    assert declared(platform)["workers.release"] == NEW
    assert len(platform.world.commands) == len(platform.world.snapshots) == 1


def test_a_colour_that_never_becomes_healthy_gets_no_traffic(platform: Platform) -> None:
    platform.world.unhealthy.add("prod-green")
    with pytest.raises(OpsError, match="healthy targets of green") as failed:
        start(platform.session(), NEW)
    assert failed.value.exit_code is Exit.FAILED
    assert declared(platform)["web.blue.weight"] == 100
    assert platform.world.commands == []
    assert "is not finished: `ops deploy start" in refused(platform, OLD)
    rollback(platform.session())
    assert platform.world.fleets["prod-green"]["max_size"] == 0


def test_migrations_have_an_account_of_their_own_that_one_host_may_read_for_minutes(platform: Platform) -> None:
    start(platform.session(), NEW)
    ((secret, policy),) = platform.world.lent.items()
    (command,) = platform.world.commands
    assert "askproai-prod-database-migrations" in secret
    assert f"as_account.py {secret} /usr/bin/php artisan migrate" in command
    (statement,) = json.loads(policy)["Statement"]
    ends = datetime.fromisoformat(statement["Condition"]["DateLessThan"]["aws:CurrentTime"])
    assert ends - platform.world.moment == timedelta(minutes=5)
    assert statement["Principal"]["AWS"].endswith(":role/askproai-prod-web-instances")
    assert ":instance/i-" in statement["Condition"]["ArnEquals"]["ec2:SourceInstanceARN"]


def test_migrations_that_fail_move_no_traffic_and_are_sent_again(platform: Platform) -> None:
    platform.world.command_status = "Failed"
    with pytest.raises(OpsError, match="SQLSTATE") as failed:
        start(platform.session(), NEW)
    assert "no traffic was moved" in failed.value.message
    assert declared(platform)["web.blue.weight"] == 100
    platform.world.command_status = "Success"
    start(platform.session(), NEW)
    assert len(platform.world.commands) == 2


def test_traffic_that_is_not_served_well_goes_back_by_itself(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = platform.engine.up

    def breaks(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        done = up(stack, say, targets)
        if platform.file("prod").get("web.green.weight") == 50:
            platform.world.certificate = "EXPIRED"
        return done

    monkeypatch.setattr(platform.engine, "up", breaks)
    with pytest.raises(OpsError) as failed:
        start(platform.session(), NEW)
    assert "certificate" in failed.value.message
    assert "all traffic is back on blue" in failed.value.message
    assert declared(platform)["web.blue.weight"] == 100
    assert platform.history() == ["rollback"]
    assert platform.session().ledger.get(deployment.key("prod")) is None


def test_an_emergency_goes_past_backup_and_gates_and_is_recorded(platform: Platform) -> None:
    platform.world.restorable = datetime.now(UTC) - timedelta(hours=3)
    platform.world.certificate = "EXPIRED"
    timeline = start(platform.session(emergency="CVE-2025-0001"), NEW)
    assert taken(timeline, "skipped") == ["route 10 % of the traffic", "route 50 % of the traffic"]
    assert platform.records()[0]["reason"] == "CVE-2025-0001"
    assert len(platform.world.snapshots) == 1
    publish(platform, "3", "prod", checksum="0" * 64)
    assert "its checksum file says" in refused(platform, "3", emergency="CVE-2025-0002")


def test_a_deployment_can_become_an_emergency_on_its_way(platform: Platform) -> None:
    platform.world.command_status = "Failed"
    with pytest.raises(OpsError, match="SQLSTATE"):
        start(platform.session(), NEW)
    platform.world.command_status, platform.world.certificate = "Success", "EXPIRED"
    with pytest.raises(OpsError, match="gate of prod closed: certificate"):
        start(platform.session(), NEW)
    start(platform.session(emergency="CVE-2025-0001"), NEW)
    assert declared(platform)["web.green.weight"] == 100
    assert [record["kind"] for record in platform.records()] == ["emergency-deployment"]


def test_a_deployment_waits_for_an_operation_of_disaster_recovery(platform: Platform) -> None:
    platform.world.command_status = "Failed"
    with pytest.raises(OpsError, match="SQLSTATE"):
        start(platform.session(), NEW)
    platform.session().ledger.put(UNDER_WAY, {"operation": "failover", "to": "dr", "started": "THEN", "from": "prod"})
    with pytest.raises(OpsError, match="the failover to dr, started THEN, is not finished"):
        start(platform.session(), NEW)


def test_the_new_colour_gets_as_many_hosts_as_serve(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    group = fake_regions.group

    def larger(world: fake_regions.World, name: str) -> dict[str, Any]:
        return {**group(world, name), **({"DesiredCapacity": 5} if name == "prod-blue" else {})}

    def resize(world: object, region: str, given: dict[str, Any]) -> None:
        asked.append(given["DesiredCapacity"])

    monkeypatch.setattr(fake_regions, "group", larger)
    monkeypatch.setitem(fake_regions.ANSWERS, "set_desired_capacity", resize)
    start(platform.session(), NEW)
    assert asked == [5]


def test_accounts_that_were_never_made_are_named_with_the_command_that_makes_them(platform: Platform) -> None:
    platform.world.unmade.add("database-migrations")
    told = refused(platform)
    assert told == ("accounts on the database were never made (database-migrations): `ops secrets rotate database`")
    assert platform.engine.ups == []
