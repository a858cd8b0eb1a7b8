"""Regions: data only in allowed ones, and nothing that a recovery needs in the region that may be lost."""

import re
from collections.abc import Iterator
from typing import Any

from policies.rule import CRITICAL, EVERY, HIGH, LOW, Finding, Findings, Resource, rule
from policies.values import UNKNOWN, Secret, region_of

BUCKET = "aws:s3/bucket:Bucket"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
DATABASE = "aws:rds/instance:Instance"
DISK = "aws:ebs/volume:Volume"
KEY = "aws:kms/key:Key"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
PLAN = "aws:backup/plan:Plan"
QUEUE = "aws:sqs/queue:Queue"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
SECRET = "aws:secretsmanager/secret:Secret"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TOPIC = "aws:sns/topic:Topic"
VAULT = "aws:backup/vault:Vault"
DATA = (
    BUCKET, CACHE, DATABASE, DISK, KEY, LOG_GROUP, PLAN, QUEUE, REPLICA_KEY, SECRET, TEMPLATE, TOPIC, VAULT,
)  # fmt: skip
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):")
SOURCES = ("replicateSourceDb", "sourceDbInstanceArn")
"""References to what a standby follows: they are removed once the replica is promoted, and it works without them."""
NUMBERED = re.compile(r"(?<!\d)-[01]$")
"""The position of a list's first item. A version such as 1-0 does not match, nor does a generation of the database,
which is in its name from 2 on."""


@rule(
    on=DATA, severity=CRITICAL, controls="own; GDPR 44 to 46 (own)",
    remedy="Use a region of data_residency_regions.",
)  # fmt: skip
def data_in_allowed_region(data: Resource) -> Findings:
    """Resources that hold data are in an allowed region, and so are their replicas and copies."""
    allowed = data.configuration.allowed_regions
    regions = {data.region or "no region", *_copies(data)}
    if others := sorted(regions - allowed):
        yield Finding(", ".join(others), " or ".join(sorted(allowed)))


def _copies(data: Resource) -> Iterator[str]:
    if data.type == SECRET:
        yield from (str(data.get(f"{replica}.region")) for replica in data.each("replicas"))
    if data.type == PLAN:
        for copy in (copy for each in data.each("rules") for copy in data.each(f"{each}.copyActions")):
            # A vault that is created in the same update is checked on its own.
            if data.raw(f"{copy}.destinationVaultArn") is not UNKNOWN:
                yield region_of(str(data.get(f"{copy}.destinationVaultArn")))


@rule(
    on=EVERY, severity=HIGH, controls="own",
    remedy="Take the value from the stack's own region, or from a resource in it.",
)  # fmt: skip
def stack_independent_of_region(resource: Resource) -> Findings:
    """A stack that must work while a region is lost declares nothing in that region and refers to nothing there."""
    lost = resource.configuration.independent_of_region.get(resource.stack)
    if not lost:
        return
    if resource.region == lost:
        yield Finding(f"made in {lost}", f"nothing in {lost}")
    if lost in {found["region"] for text in _texts(resource.props) for found in ARN.finditer(text)}:
        yield Finding(f"an ARN of {lost}", f"no ARN of {lost} but the source of a replica or of backups")


def _texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, Secret):
        value = value.value
    if isinstance(value, str) and name not in SOURCES:
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)


@rule(
    on=EVERY, severity=LOW, controls="own",
    remedy="Name it after the item: when the list changes, so does the position, and the resource is replaced.",
)  # fmt: skip
def resource_not_named_by_position(resource: Resource) -> Findings:
    """No resource is named by a position in a list."""
    if NUMBERED.search(resource.name):
        yield Finding(f"a name that ends in {NUMBERED.findall(resource.name)[0]}", "a name that identifies the item")


POLICIES = (data_in_allowed_region, stack_independent_of_region, resource_not_named_by_position)
