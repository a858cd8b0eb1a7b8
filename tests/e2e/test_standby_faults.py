"""Faults while a region is lost, one story in one sandbox: each test starts where an earlier one ended.

A test whose starting point was not reached is skipped, and says what it lacks: the failure is the earlier test's.

A replica that is behind, a fence that is given up, a region that hangs, two operators, a command that is killed, and a
Cloudflare that refuses, does not answer or does not do as it says.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract import CANARY_PATH
from ops.core.aws import rows
from tests.e2e.operated import Platform, ask, begin, black_out, end, wait_for

pytestmark = pytest.mark.e2e

REFUSED, BUSY, FAILED, INCOMPLETE = 3, 4, 1, 5
WAIVED = ("--yes", "--waive-fence", "the region is gone")
LAG_SHOWS_SECONDS = 150
BOUNDED_SECONDS = 120
FLIP_SECONDS = 60
PROMOTED_SECONDS = 420
FENCED_SECONDS = 180
VISITORS = ("", "www.", "app.", "api.", "admin.", "monitoring.")


@pytest.fixture(scope="module", autouse=True)
def daylight(prod: Platform) -> Iterator[None]:
    """Prod's region answers afterwards, however the story ends."""
    yield
    black_out(prod, None)


@pytest.fixture
def following(standby: Platform) -> None:
    """dr still follows prod."""
    if standby.half_done or not is_replica(standby):
        pytest.skip(standby.half_done or "dr follows nobody any more")


@pytest.fixture
def activated(standby: Platform) -> None:
    """dr has taken over."""
    if standby.half_done or is_replica(standby) or not standby.operated:
        pytest.skip(standby.half_done or "dr was not activated")


@pytest.fixture
def flipped(activated: None, edge: Platform) -> None:
    """Visitors are routed to dr, which has taken over."""
    if edge.half_done or edge.setting("live") != "dr":
        pytest.skip(edge.half_done or "visitors were not led to dr")


@pytest.fixture
def unflipped(activated: None, edge: Platform) -> None:
    """dr has taken over, and visitors are not routed there yet."""
    if edge.half_done or edge.setting("live") != "prod":
        pytest.skip(edge.half_done or "visitors are led to dr already")


@pytest.fixture
def faults(edge: Platform) -> Iterator[Any]:
    """Sets faults of the emulated Cloudflare, and counts its calls from then on; they are cleared after the test."""
    url = f"{edge.variables['ASKPROAI_EDGE_URL']}/_sandbox"

    def set_fault(**fault: object) -> None:
        ask("DELETE", f"{url}/calls")
        ask("PUT", f"{url}/faults", json=fault)

    yield set_fault
    ask("DELETE", f"{url}/faults")


def cloudflare_changes(edge: Platform) -> int:
    """How many changes of records were requested since the fault was set."""
    calls = ask("GET", f"{edge.variables['ASKPROAI_EDGE_URL']}/_sandbox/calls")
    return sum(count["all"] for call, count in calls.items() if "dns_records" in call and not call.startswith("GET"))


def led_to(edge: Platform) -> set[str]:
    """The regions whose load balancers are the targets of the visitors' names, according to Cloudflare."""
    zone = edge.setting("zone_id")
    answer = ask(
        "GET",
        f"{edge.variables['CLOUDFLARE_BASE_URL']}/zones/{zone}/dns_records?per_page=100",
        headers={"Authorization": f"Bearer {edge.pulumi('config', 'get', 'cloudflare_api_token').stdout.strip()}"},
    )
    domain = edge.setting("domain")
    names = {f"{label}{domain}" for label in VISITORS}
    found = [record for record in answer["result"] if record["name"] in names and record["type"] == "CNAME"]
    records = {record["name"]: record["content"] for record in found}
    assert len(records) == len(names)
    contents = {records.get(content, content) for content in records.values()}
    return {content.split(".")[1] for content in contents}


def calls(platform: Platform, *, forget: bool = False) -> int:
    """Calls to the platform's region since the last reset."""
    url = f"{platform.variables['AWS_ENDPOINT_URL']}/_sandbox/calls"
    told = ask("DELETE" if forget else "GET", url)
    return sum(count["all"] for count in told.get(platform.region, {}).values())


def database(platform: Platform) -> dict[str, Any]:
    (found,) = rows(platform.client("rds"), "describe_db_instances")
    return found


def lag_seconds(platform: Platform) -> float | None:
    """The maximum of RDS's replica lag in the newest minute with data in CloudWatch."""
    now = datetime.now(UTC)
    points = platform.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="ReplicaLag",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": database(platform)["DBInstanceIdentifier"]}],
        StartTime=now - timedelta(seconds=LAG_SHOWS_SECONDS),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None


def fence(platform: Platform) -> tuple[list[int], list[str]]:
    """The instances of each group of the application's hosts, and whom the data tier's network ACL allows."""
    groups = list(rows(platform.client("autoscaling"), "describe_auto_scaling_groups"))
    hosts = [group for group in groups if "-monitoring-" not in group["AutoScalingGroupName"]]
    (acl,) = rows(platform.client("ec2"), "describe_network_acls", Filters=[{"Name": "default", "Values": ["false"]}])
    allowed = [entry["CidrBlock"] for entry in acl["Entries"] if entry["RuleAction"] == "allow"]
    return [len(group["Instances"]) for group in hosts], sorted(allowed)


def app_cidrs(platform: Platform) -> set[str]:
    """The subnets that hosts of the application are in."""
    groups = list(rows(platform.client("autoscaling"), "describe_auto_scaling_groups"))
    ids = {subnet for group in groups for subnet in group["VPCZoneIdentifier"].split(",")}
    subnets = platform.client("ec2").describe_subnets(SubnetIds=sorted(ids))["Subnets"]
    return {subnet["CidrBlock"] for subnet in subnets}


def is_replica(platform: Platform) -> bool:
    return bool(database(platform).get("ReadReplicaSourceDBInstanceIdentifier"))


def urns(platform: Platform) -> set[str]:
    return {resource["urn"] for resource in json.loads(platform.state())["checkpoint"]["latest"]["resources"]}


def lose_state(platform: Platform, loss: str) -> set[str]:
    """Damage or remove the stack's state, and every backup but the oldest that has resources; what the state had."""
    had, file = urns(platform), platform.state_file
    backups = sorted((platform.paths.state / ".pulumi" / "backups").rglob(f"{platform.stack}.*.json"))
    whole = [backup for backup in backups if "::aws:" in backup.read_text() or "cloudflare:" in backup.read_text()]
    history = (platform.paths.state / ".pulumi" / "history").rglob(f"{platform.stack}-*.checkpoint.json")
    for other in [*history, *(backup for backup in backups if backup != whole[0]), file.with_name(f"{file.name}.bak")]:
        other.unlink(missing_ok=True)
    text = file.read_text()
    if loss == "gone":
        file.unlink()
    else:
        file.write_text(text[: len(text) // 2] if loss == "cut in half" else "")
    return had


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


@pytest.mark.usefixtures("following")
def test_a_replica_too_far_behind_stops_an_activation(standby: Platform, edge: Platform) -> None:
    standby.replication(lag_seconds=900)
    # A replica without pending rows is not behind, and an existing row is not written again.
    assert edge.visit(f"api.{edge.setting('domain')}", CANARY_PATH, row=int(time.time())).status_code == 201
    try:
        wait_for("the lag shows", LAG_SHOWS_SECONDS, lambda: lag_seconds(standby) == 900)
        refused = standby.ops("dr", "activate", "dr", "--yes", check=False)
        assert refused.returncode == REFUSED
        assert "900" in said(refused)
        assert "300" in said(refused)
        assert "--accept-lag" in said(refused)
        assert is_replica(standby)
        accepted = standby.ops("dr", "activate", "dr", "--yes", "--accept-lag", "1000", "--dry-run")
        assert "would activate dr" in accepted.stdout
    finally:
        standby.replication(lag_seconds=1)
    wait_for("the replica has caught up", LAG_SHOWS_SECONDS, lambda: lag_seconds(standby) in (0, 1))
    standby.ops("dr", "activate", "dr", "--yes", "--dry-run")


@pytest.mark.usefixtures("following")
def test_a_fence_that_is_given_up_is_opened_again(prod: Platform, standby: Platform, edge: Platform) -> None:
    """Killed when the old writer is closed by direct calls, which its stack does not know."""
    black_out(prod, None)
    before = fence(prod)
    first = begin(standby, "dr", "failover", "--to", "dr", "--yes")
    try:
        wait_for("the fence", FENCED_SECONDS, lambda: first.poll() is not None or set(fence(prod)[0]) == {0})
        assert first.poll() is None, first.communicate()[0]
    finally:
        end(first)
    closed = fence(prod)[1]
    assert {cidr for cidr in before[1] if cidr not in closed} >= app_cidrs(prod)
    assert edge.visit(f"app.{edge.setting('domain')}", "/api/health").status_code != 200
    told = standby.ops("dr", "abort", "--yes")
    assert "abandon the operation in progress" in told.stdout
    assert fence(prod) == before
    assert (is_replica(standby), led_to(edge)) == (True, {prod.region})
    assert edge.visit(f"app.{edge.setting('domain')}", "/api/health").status_code == 200


@pytest.mark.usefixtures("following")
def test_a_region_that_hangs_keeps_nobody_waiting(prod: Platform, standby: Platform) -> None:
    black_out(prod, "hang")
    before = time.monotonic()
    tried = standby.ops("dr", "failover", "--to", "dr", *WAIVED, "--dry-run")
    assert time.monotonic() - before < BOUNDED_SECONDS
    assert "would route traffic to dr" in tried.stdout
    assert is_replica(standby)


@pytest.mark.usefixtures("following")
def test_a_second_operator_sees_the_lock_holder_and_a_killed_command_continues(
    prod: Platform, standby: Platform, edge: Platform
) -> None:
    black_out(prod, "refuse")
    first = begin(standby, "dr", "failover", "--to", "dr", *WAIVED)
    try:
        wait_for("the promotion", PROMOTED_SECONDS, lambda: first.poll() is not None or not is_replica(standby))
        assert first.poll() is None, first.communicate()[0]
        second = standby.ops("dr", "failover", "--to", "dr", *WAIVED, check=False)
        assert second.returncode == BUSY
        assert f"(pid {first.pid})" in said(second)
        assert standby.ops("recover", "--yes", "dr", check=False).returncode == BUSY
    finally:
        end(first)
    # Wherever the kill fell: as if it had fallen into the write of the state's attributes, and of another lock.
    standby.state_file.with_name("dr.json.attrs").write_bytes(b"")
    standby.locks.mkdir(parents=True, exist_ok=True)
    (standby.locks / "1.json.18ebc618ab1cee02.tmp").write_bytes(b"")
    assert "cannot be read" not in said(standby.ops("dr", "status"))
    assert led_to(edge) == {prod.region}
    calls(prod, forget=True)
    # A service that no visitor needs fails.
    black_out(standby, "error", "backup")
    try:
        done = standby.ops("dr", "activate", "dr", *WAIVED, check=False)
    finally:
        black_out(standby, None, "backup")
    assert done.returncode == INCOMPLETE
    assert "run `pulumi up --stack dr` to create what is missing" in said(done)
    assert "killed" in said(done)
    assert "dr.json.attrs" in said(done)
    assert database(standby)["MultiAZ"] is True
    standby.pulumi("up", "--yes", "--skip-preview")
    assert calls(prod) == 0
    assert standby.preview() == {}


@pytest.mark.usefixtures("activated")
def test_a_state_that_is_cut_in_half_is_restored_by_the_same_command(prod: Platform, standby: Platform) -> None:
    """The newest backup is from before the activation, so what that made and changed is found and read."""
    whole = lose_state(standby, "cut in half")
    calls(prod, forget=True)
    done = standby.ops("dr", "activate", "dr", *WAIVED)
    assert "taken from" in said(done)
    assert calls(prod) == 0
    assert whole - urns(standby) == set()
    assert standby.preview() == {}


@pytest.mark.usefixtures("activated")
def test_a_checkout_of_before_the_activation_is_refused(standby: Platform) -> None:
    """As a colleague's, or a deploy job's: dr would follow again, with visitors on their way to it."""
    recorded = standby.setting("topology")
    had = urns(standby)
    for key, value in (("activated", "false"), ("topology", "1")):
        standby.pulumi("config", "set", key, value)
    try:
        for command in (("preview",), ("up", "--yes", "--skip-preview")):
            refused = standby.pulumi(*command, check=False)
            assert refused.returncode
            assert f"Pulumi.dr.yaml: topology: 1 is older than {recorded}" in said(refused)
        assert urns(standby) == had
        assert database(standby)["MultiAZ"] is True
        assert not is_replica(standby)
        told = standby.ops("dr", "failover", "--to", "dr", "--dry-run", check=False)
        assert told.returncode == REFUSED
        assert f"topology: 1 is older than {recorded}" in said(told)
        assert f"topology: 1 is older than {recorded}" in standby.ops("dr", "status").stdout
    finally:
        for key, value in (("activated", "true"), ("topology", str(recorded))):
            standby.pulumi("config", "set", key, value)
    assert standby.preview() == {}


@pytest.mark.usefixtures("activated")
def test_activated_twice_is_activated_once(prod: Platform, standby: Platform) -> None:
    calls(prod, forget=True)
    again = standby.ops("dr", "activate", "dr", *WAIVED)
    assert "already active" in again.stdout
    assert calls(prod) == 0


@pytest.mark.usefixtures("unflipped")
def test_a_change_that_cloudflare_only_says_it_made_is_noticed(prod: Platform, edge: Platform, faults: Any) -> None:
    faults(mode="ignore", method="PATCH|PUT", path="dns_records")
    failed = edge.ops("dr", "flip", "--to", "dr", check=False)
    assert failed.returncode == FAILED
    assert "did not change" in said(failed)
    assert led_to(edge) == {prod.region}
    assert edge.setting("live") == "prod"


@pytest.mark.usefixtures("unflipped")
def test_a_cloudflare_that_does_not_answer_is_waited_for_within_bounds(
    prod: Platform, standby: Platform, edge: Platform, faults: Any
) -> None:
    faults(mode="hang", method="PATCH|PUT", path="dns_records")
    started = time.monotonic()
    failed = edge.ops("dr", "flip", "--to", "dr", check=False)
    assert time.monotonic() - started < FLIP_SECONDS
    assert failed.returncode == FAILED
    assert "every name is routed to prod; `ops dr flip --to dr` continues" in said(failed)
    assert led_to(edge) == {prod.region}
    faults(mode="5xx", count=0)
    edge.ops("dr", "flip", "--to", "dr")
    assert led_to(edge) == {standby.region}


@pytest.mark.usefixtures("activated")
def test_a_cloudflare_that_asks_for_patience_gets_it(standby: Platform, edge: Platform, faults: Any) -> None:
    if edge.setting("live") == "dr":
        # prod is still lost: the records are changed nevertheless, and the command says that nobody is served.
        assert edge.ops("dr", "flip", "--to", "prod", "--force", "to flip again", check=False).returncode == FAILED
    faults(mode="429", method="PATCH|PUT", path="dns_records", count=2, retry_after=2)
    edge.ops("dr", "flip", "--to", "dr")
    assert led_to(edge) == {standby.region}
    assert cloudflare_changes(edge) == 1 + 2
    assert edge.visit(f"app.{edge.setting('domain')}", "/api/health").json()["region"] == standby.region
    assert edge.preview() == {}


@pytest.mark.usefixtures("flipped")
@pytest.mark.parametrize("loss", ["empty", "gone"])
def test_the_edge_whose_state_is_lost_is_restored_by_a_flip(standby: Platform, edge: Platform, loss: str) -> None:
    lose_state(edge, loss)
    flip = edge.ops("dr", "flip", "--to", "dr", check=False)
    assert "taken from" in said(flip)
    if flip.returncode:
        # A flip has 15 seconds for it, which a busy machine exceeds.
        assert "run `ops recover edge`, which may take longer; no record was changed" in said(flip)
        edge.ops("recover", "edge")
        edge.ops("dr", "flip", "--to", "dr")
    assert led_to(edge) == {standby.region}
    assert edge.preview() == {}


@pytest.mark.usefixtures("flipped")
def test_failback_is_refused_while_the_data_has_diverged(prod: Platform, standby: Platform, edge: Platform) -> None:
    black_out(prod, None)
    assert not is_replica(prod)
    refused = standby.ops("dr", "failback", "--to", "prod", "--yes", check=False)
    assert refused.returncode == REFUSED
    assert "diverged" in said(refused)
    assert "ops dr rebuild prod" in said(refused)
    assert led_to(edge) == {standby.region}
    closed = edge.ops("dr", "flip", "--to", "prod", check=False)
    assert closed.returncode == REFUSED
    assert "took over" in said(closed)
    assert prod.preview() == {}


@pytest.mark.usefixtures("flipped")
def test_status_tells_all_of_it(standby: Platform) -> None:
    told = standby.ops("dr", "status").stdout
    assert "dr is live but is not the primary: `ops dr failback --to prod`" in told
    assert "prod takes writes as well: `ops dr rebuild prod`" in told
