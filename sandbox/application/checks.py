"""The application's checks of its database, cache and queues, from what is declared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from sandbox.application.observer import Observer
from sandbox.application.origins import Origin

GENERATION = re.compile(r"-(\d+)$")


@dataclass(frozen=True, kw_only=True)
class Check:
    """`finding` is for people."""

    passed: bool
    finding: str


@dataclass(frozen=True, kw_only=True)
class Database:
    """A stack's database: `resource_id` never changes, `source` is the one that it replicates.

    `network_open`: whether a connection that was made before a security group was closed still works.
    """

    region: str
    identifier: str
    resource_id: str
    status: str
    source: str | None
    reachable: bool
    network_open: bool

    def write_problem(self) -> str | None:
        """Why no row can be written, None if one can."""
        if problem := self.read_problem():
            return problem
        return f"{self.identifier} is a replica of {self.source}" if self.source else None

    def read_problem(self) -> str | None:
        """Why no row can be read, None if one can."""
        if self.status != "available":
            return f"{self.identifier} is {self.status}"
        return None if self.reachable else f"{self.identifier}'s security groups or network ACL let no host in"


def database(aws: Observer, origin: Origin) -> Database | None:
    """The database of the highest generation: former ones are kept, but no longer used."""
    instances = [
        instance
        for instance in aws.ask(origin.region, "rds", "describe_db_instances")["DBInstances"]
        if origin.owns(instance.get("TagList", []))
    ]
    if not instances:
        return None
    newest = max(instances, key=lambda instance: _generation(instance["DBInstanceIdentifier"]))
    return Database(
        region=origin.region,
        identifier=newest["DBInstanceIdentifier"],
        resource_id=newest["DbiResourceId"],
        status=newest["DBInstanceStatus"],
        source=newest.get("ReadReplicaSourceDBInstanceIdentifier") or None,
        reachable=lets_hosts_in(aws, origin.region, newest),
        network_open=passes_network_acl(aws, origin.region, newest),
    )


def check_database(aws: Observer, origin: Origin) -> Check:
    """Whether the application could write to its database."""
    found = database(aws, origin)
    if found is None:
        return Check(passed=False, finding="no database")
    problem = found.write_problem()
    return Check(passed=problem is None, finding=problem or f"{found.identifier} takes writes")


def check_redis(aws: Observer, origin: Origin) -> Check:
    """Whether the cache exists."""
    groups = aws.ask(origin.region, "elasticache", "describe_replication_groups")["ReplicationGroups"]
    states = {
        group["ReplicationGroupId"]: group["Status"]
        for group in groups
        if group["ReplicationGroupId"].startswith(origin.prefix)
    }
    return Check(passed="available" in states.values(), finding=_listed(states) or "no cache")


def check_queue(aws: Observer, origin: Origin) -> Check:
    """Whether there are queues for jobs."""
    urls = aws.ask(origin.region, "sqs", "list_queues", QueueNamePrefix=origin.prefix).get("QueueUrls", [])
    return Check(passed=bool(urls), finding=f"{len(urls)} queues" if urls else "no queue")


CHECKS = {"database": check_database, "redis": check_redis, "queue": check_queue}
"""By the last part of the path: one for each of `contract.HEALTH_CHECKS` but the first."""


def _generation(identifier: str) -> int:
    match = GENERATION.search(identifier)
    return int(match[1]) if match else 1


def lets_hosts_in(aws: Observer, region: str, instance: Mapping[str, Any]) -> bool:
    """Whether a security group allows a group of hosts, and the network ACL their subnets; people do not count."""
    groups = sorted(group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", []))
    if not groups:
        return False
    found = aws.ask(region, "ec2", "describe_security_groups", GroupIds=groups)["SecurityGroups"]
    allowed = any(rule["UserIdGroupPairs"] for group in found for rule in group["IpPermissions"])
    return allowed and passes_network_acl(aws, region, instance)


def passes_network_acl(aws: Observer, region: str, instance: Mapping[str, Any]) -> bool:
    """Whether the network ACL of the database's subnets allows any other subnet of its VPC."""
    group = instance["DBSubnetGroup"]
    own = {subnet["SubnetIdentifier"] for subnet in group["Subnets"]}
    of_vpc = [{"Name": "vpc-id", "Values": [group["VpcId"]]}]
    subnets = aws.ask(region, "ec2", "describe_subnets", Filters=of_vpc)["Subnets"]
    others = [ip_network(subnet["CidrBlock"]) for subnet in subnets if subnet["SubnetId"] not in own]
    acls = aws.ask(region, "ec2", "describe_network_acls", Filters=of_vpc)["NetworkAcls"]
    allowed = [
        ip_network(entry["CidrBlock"])
        for acl in acls
        if own & {association["SubnetId"] for association in acl["Associations"]}
        for entry in acl["Entries"]
        if entry["RuleAction"] == "allow" and not entry["Egress"]
    ]
    return any(network.overlaps(other) for network in allowed for other in others)


def _listed(states: Mapping[str, str]) -> str:
    return ", ".join(f"{name} is {state}" for name, state in states.items())
