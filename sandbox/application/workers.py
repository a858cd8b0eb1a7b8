"""Writes of terminating hosts: a worker keeps its connection to the database until it is terminated."""

import itertools
from collections.abc import Mapping
from typing import Any

from sandbox.application.checks import database, passes_network_acl
from sandbox.application.observer import Observer
from sandbox.application.origins import Origin
from sandbox.application.rows import Row, Rows

ENDING = "Terminating"


class Workers:
    """The terminating hosts of groups. In each round, every stack with one writes a row.

    A change of a security group does not cut their connections (EC2 User Guide, "Security group connection tracking");
    a network ACL does.
    """

    def __init__(self, aws: Observer, rows: Rows) -> None:
        self.aws = aws
        self.rows = rows
        # Below the numbers of visitors, which start at 1.
        self._numbers = itertools.count(-1, -1)
        self.written: list[Row] = []

    def round(self, lost: set[str]) -> None:
        """Write from every stack with a terminating host, as long as its database accepts it."""
        for region in self.aws.regions:
            for origin in [] if region in lost else self._ending(region):
                found = database(self.aws, origin)
                if found and found.status == "available" and not found.source and found.network_open:
                    row = self.rows.write(found.resource_id, next(self._numbers), region, found.identifier)
                    self.written.append(row)

    def connected(self, region: str, instance: Mapping[str, Any]) -> bool:
        """Whether a terminating host still has a connection to a database."""
        owned = any(origin.owns(instance.get("TagList", [])) for origin in self._ending(region))
        return owned and passes_network_acl(self.aws, region, instance)

    def _ending(self, region: str) -> list[Origin]:
        groups = self.aws.ask(region, "autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
        return [
            Origin(region=region, arn="", tags={tag["Key"]: tag["Value"] for tag in group["Tags"]})
            for group in groups
            if any(host["LifecycleState"] == ENDING for host in group["Instances"])
        ]
