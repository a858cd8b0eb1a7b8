"""What reaches the other region in the sandbox: rows and objects after a lag, while both regions are up."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.application.replication import NOT_REPLICATING, Replication
from sandbox.application.rows import Rows
from tests.emulator.declared import Declared, OwnBuckets, declare
from tests.emulator.emulated import OTHER_REGION, REGION, Clients, Control


class Clock:
    """A time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Pair:
    """A database and its replica in the other region, and what brings rows from one to the other."""

    def __init__(self, aws: Clients, endpoint: str, name: str) -> None:
        self.clock = Clock()
        self.rows = Rows(self.clock)
        self.replication = Replication(OwnBuckets(endpoint, name), self.rows)
        self.here = declare(aws, name, instances=0)
        self.there = declare(aws, f"{name}-2", OTHER_REGION, instances=0)
        self.source = self.here.database()
        self.replica: dict[str, Any] = {}

    def follow(self, role: str = "database") -> None:
        """Declare the replica."""
        self.replica = self.there.database(role, source=self.source["DBInstanceArn"])
        self.pass_time(0)

    def write(self, *numbers: int) -> None:
        """Write rows into the source, as of now."""
        for number in numbers:
            self.rows.write(self.source["DbiResourceId"], number, REGION, "x")

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and replicate what is due."""
        self.clock.now += seconds
        self.replication.round()

    @property
    def arrived(self) -> int:
        """The rows of the replica."""
        return self.rows.count(self.replica["DbiResourceId"])


@pytest.fixture
def pair(aws: Clients, endpoint: str, name: str) -> Pair:
    return Pair(aws, endpoint, name)


def metric(there: Declared, database: dict[str, Any], name: str) -> float:
    """The newest value of a metric of RDS: of two in the same second, the larger."""
    now = datetime.now(UTC)
    points = there.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS", MetricName=name, Period=1, Statistics=["Maximum"],
        StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=1),
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": database["DBInstanceIdentifier"]}],
    )["Datapoints"]  # fmt: skip
    return max(points, key=lambda point: point["Timestamp"])["Maximum"]


def test_rows_arrive_after_the_lag(pair: Pair) -> None:
    pair.follow()
    pair.replication.lag_seconds = 10
    pair.write(1, 2)
    pair.pass_time(9)
    assert pair.arrived == 0
    pair.pass_time(1)
    assert pair.arrived == 2


def test_a_new_replica_starts_with_all_that_its_source_has(pair: Pair) -> None:
    pair.replication.lag_seconds = 3600
    pair.write(1, 2, 3)
    pair.follow()
    assert pair.arrived == 3


def test_a_promoted_replica_keeps_its_rows_and_gets_no_more(pair: Pair) -> None:
    pair.replication.lag_seconds = 0
    pair.follow()
    pair.write(1)
    pair.pass_time(1)
    pair.there.client("rds").promote_read_replica(DBInstanceIdentifier=pair.replica["DBInstanceIdentifier"])
    pair.write(2)
    pair.pass_time(60)
    assert pair.arrived == 1


def test_a_rebuilt_replica_is_a_copy_of_the_one_it_now_follows(pair: Pair) -> None:
    pair.replication.lag_seconds = 0
    pair.follow()
    pair.write(1)
    pair.pass_time(1)
    kept = pair.rows.count(pair.source["DbiResourceId"])
    pair.there.client("rds").promote_read_replica(DBInstanceIdentifier=pair.replica["DBInstanceIdentifier"])
    pair.rows.write(pair.replica["DbiResourceId"], 50, OTHER_REGION, "x")
    pair.there.client("rds").modify_db_instance(
        DBInstanceIdentifier=pair.replica["DBInstanceIdentifier"], BackupRetentionPeriod=1, ApplyImmediately=True
    )
    rebuilt = pair.here.database("database-2", source=pair.replica["DBInstanceArn"])
    pair.pass_time(1)
    assert pair.rows.count(rebuilt["DbiResourceId"]) == 2
    assert pair.rows.count(pair.source["DbiResourceId"]) == kept


@pytest.mark.parametrize("lost", [REGION, OTHER_REGION])
def test_nothing_arrives_while_a_region_is_lost(pair: Pair, control: Control, lost: str) -> None:
    pair.replication.lag_seconds = 0
    pair.follow()
    control("PUT", f"blackout/{lost}?mode=refuse")
    pair.write(1)
    pair.pass_time(60)
    assert pair.arrived == 0
    control("DELETE", f"blackout/{lost}")
    pair.pass_time(1)
    assert pair.arrived == 1


def test_a_paused_replication_brings_nothing(pair: Pair) -> None:
    pair.follow()
    pair.replication.paused = True
    pair.write(1)
    pair.pass_time(60)
    assert pair.arrived == 0


def test_the_metric_says_the_lag_and_that_nothing_is_replicated(pair: Pair, control: Control) -> None:
    pair.replication.lag_seconds = 41.5
    pair.follow()
    pair.write(1)
    pair.pass_time(1)
    assert metric(pair.there, pair.replica, "ReplicaLag") == 42
    time.sleep(1.1)
    control("PUT", f"blackout/{REGION}?mode=hang")
    pair.pass_time(1)
    assert metric(pair.there, pair.replica, "ReplicaLag") == NOT_REPLICATING


def test_the_metric_is_0_once_every_row_has_arrived(pair: Pair) -> None:
    pair.replication.lag_seconds = 10
    pair.follow()
    assert metric(pair.there, pair.replica, "ReplicaLag") == 0
    time.sleep(1.1)
    pair.write(1)
    pair.pass_time(9)
    assert metric(pair.there, pair.replica, "ReplicaLag") == 10
    time.sleep(1.1)
    pair.pass_time(1)
    assert metric(pair.there, pair.replica, "ReplicaLag") == 0


def test_the_state_names_each_link_with_its_rows(pair: Pair) -> None:
    pair.follow()
    pair.write(1)
    links: Any = pair.replication.state()["links"]
    (link,) = [link for link in links if link["replica"] == pair.replica["DBInstanceIdentifier"]]
    assert (link["active"], link["rows"], link["source_rows"]) == (True, 0, 1)
    assert (link["region"], link["source_region"]) == (OTHER_REGION, REGION)


def test_rows_of_a_database_that_is_gone_are_forgotten(pair: Pair) -> None:
    pair.write(1)
    pair.here.client("rds").delete_db_instance(
        DBInstanceIdentifier=pair.source["DBInstanceIdentifier"], SkipFinalSnapshot=True
    )
    pair.pass_time(1)
    assert pair.rows.count(pair.source["DbiResourceId"]) == 0


def test_clients_are_connected_to_a_source_that_lets_them_in(pair: Pair) -> None:
    pair.follow()
    assert metric(pair.here, pair.source, "DatabaseConnections") == 1
    time.sleep(1.1)
    pair.here.close_the_network_acl()
    pair.pass_time(0)
    assert metric(pair.here, pair.source, "DatabaseConnections") == 0
