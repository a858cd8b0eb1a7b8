"""Replicates rows and objects to the other region while both are up, and publishes the lag as RDS's metric."""

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.application.checks import lets_hosts_in
from sandbox.application.objects import Objects
from sandbox.application.observer import Observer
from sandbox.application.rows import Rows, moment
from sandbox.application.workers import Workers

ROUND_SECONDS = 1.0
OBJECT_ROUND_SECONDS = 4.0
METRIC_SECONDS = 5.0
"""RDS: once a minute; a drill does not wait that long for its first data point."""
NOT_REPLICATING = -1.0
"""RDS: "If the ReplicaLag metric returns -1, then replication is currently not active." """
DEFAULT_LAG_SECONDS = 1.0
LONGEST_LAG_SECONDS = 86_400.0
log = logging.getLogger("sandbox.application")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A replica and its source, both as declared; `active` while both regions are up and nobody paused it."""

    region: str
    replica: str
    replica_id: str
    source: Mapping[str, Any] | None
    source_region: str
    active: bool

    @property
    def source_id(self) -> str | None:
        """The source's permanent identifier."""
        return self.source["DbiResourceId"] if self.source else None


class Replication:
    """`lag_seconds` and `paused` are set from outside, for rows and objects in both directions."""

    def __init__(self, aws: Observer, rows: Rows) -> None:
        self.aws = aws
        self.rows = rows
        self.objects = Objects(aws)
        self.workers = Workers(aws, rows)
        self.lag_seconds = DEFAULT_LAG_SECONDS
        self.paused = False
        self.links: list[Link] = []
        self._published: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._objects_due = 0.0

    def start(self) -> None:
        """Replicate until the process ends."""
        threading.Thread(target=self._run, daemon=True, name="replication").start()

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self.round()
            except (BotoCoreError, ClientError, OSError) as problem:
                # The server is stopping, or a database was deleted meanwhile.
                log.warning("replication: %s", problem)
            time.sleep(max(0.05, ROUND_SECONDS - (time.monotonic() - began)))

    def round(self) -> None:
        """Replicate once what is due."""
        lost = self.aws.lost()
        self.workers.round(lost)
        self.links = self._links(lost)
        for link in self.links:
            value = NOT_REPLICATING
            if link.active and link.source_id:
                waiting = self.rows.replicate(link.source_id, link.replica_id, self.lag_seconds)
                # RDS: whole seconds, and 0 once the replica has caught up.
                value = math.ceil(self.lag_seconds) if waiting else 0.0
            if link.region not in lost:
                self._publish(link.region, link.replica, "ReplicaLag", "Seconds", value)
            if link.source and link.source_region not in lost:
                place = (link.source_region, link.source)
                clients = float(lets_hosts_in(self.aws, *place) or self.workers.connected(*place))
                name = link.source["DBInstanceIdentifier"]
                self._publish(link.source_region, name, "DatabaseConnections", "Count", clients)
        now = time.monotonic()
        if not self.paused and now >= self._objects_due:
            self._objects_due = now + OBJECT_ROUND_SECONDS
            self.objects.copy(lost, self.lag_seconds)

    def state(self) -> dict[str, object]:
        """The settings, and each link with its rows."""
        return {"lag_seconds": self.lag_seconds, "paused": self.paused, "links": [self._told(k) for k in self.links]}

    def _told(self, link: Link) -> dict[str, object]:
        last = self.rows.last(link.replica_id)
        return {
            "replica": link.replica,
            "region": link.region,
            "source_region": link.source_region,
            "active": link.active,
            "rows": self.rows.count(link.replica_id),
            "source_rows": self.rows.count(link.source_id) if link.source_id else 0,
            "last_written_at": moment(last.written) if last else None,
        }

    def _links(self, lost: set[str]) -> list[Link]:
        """The declared replicas. A black-out does not hide a declaration from the sandbox itself."""
        found = {
            region: self.aws.ask(region, "rds", "describe_db_instances", fresh=ROUND_SECONDS / 2)["DBInstances"]
            for region in self.aws.regions
        }
        known = {
            (region, instance["DBInstanceIdentifier"]): instance
            for region, instances in found.items()
            for instance in instances
        }
        self.rows.keep_only({instance["DbiResourceId"] for instance in known.values()})
        return [
            self._link(region, instance, source, known, lost)
            for region, instances in found.items()
            for instance in instances
            if (source := instance.get("ReadReplicaSourceDBInstanceIdentifier"))
        ]

    def _link(
        self,
        region: str,
        replica: Mapping[str, Any],
        source: str,
        known: Mapping[tuple[str, str], Mapping[str, Any]],
        lost: set[str],
    ) -> Link:
        """`source` is a name in the same region, or an ARN."""
        source_region = source.split(":")[3] if source.startswith("arn:") else region
        made = known.get((source_region, source.rpartition(":")[2]))
        return Link(
            region=region,
            replica=replica["DBInstanceIdentifier"],
            replica_id=replica["DbiResourceId"],
            source=made,
            source_region=source_region,
            active=made is not None and not self.paused and not {region, source_region} & lost,
        )

    def _publish(self, region: str, database: str, metric: str, unit: str, value: float) -> None:
        """Publish a metric where RDS does, immediately when it changes."""
        key = (region, database, metric)
        last, when = self._published.get(key, (None, 0.0))
        now = time.monotonic()
        if value == last and now - when < METRIC_SECONDS:
            return
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": database}]
        datum = {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Unit": unit}
        self.aws.tell(region, "cloudwatch", "put_metric_data", Namespace="AWS/RDS", MetricData=[datum])
        self._published[key] = (value, now)
