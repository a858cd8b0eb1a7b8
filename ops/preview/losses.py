"""Lost data and interrupted service: resource types, and the duration if a source has it."""

from collections.abc import Iterator, Mapping

from ops.preview.changes import DELETED, REPLACED, UPDATED, Change
from ops.preview.danger import Danger, Kind, danger

GONE: Mapping[str, str] = {REPLACED: "replaced", DELETED: "deleted"}
"""Operations that delete the resource, with or without a replacement."""

STATEFUL: Mapping[str, str] = {
    "aws:backup/vault:Vault": "its recovery points",
    "aws:cloudwatch/logGroup:LogGroup": "its log events",
    "aws:ebs/volume:Volume": "the volume's blocks",
    "aws:elasticache/replicationGroup:ReplicationGroup": "sessions and cached values",
    "aws:kms/key:Key": "everything that is encrypted with it",
    "aws:kms/replicaKey:ReplicaKey": "everything in its region that is encrypted with it",
    "aws:rds/instance:Instance": "the database's rows, but for its snapshots",
    "aws:s3/bucket:Bucket": "its objects",
    "aws:secretsmanager/secret:Secret": "its values",
    "aws:sqs/queue:Queue": "its messages",
}
"""Types with data that is not in the program, and what it is."""

SERVING: Mapping[str, str] = {
    "aws:acm/certificate:Certificate": "TLS connections",
    "aws:autoscaling/group:Group": "its instances",
    "aws:ec2/eip:Eip": "the address",
    "aws:ec2/natGateway:NatGateway": "connections to the internet from its zone",
    "aws:ec2/routeTable:RouteTable": "the routes of its subnets",
    "aws:ec2/subnet:Subnet": "whatever is in the subnet",
    "aws:ec2/vpc:Vpc": "everything in the network",
    "aws:elasticache/replicationGroup:ReplicationGroup": "the cache",
    "aws:lb/listener:Listener": "requests to its port",
    "aws:lb/loadBalancer:LoadBalancer": "all requests",
    "aws:lb/targetGroup:TargetGroup": "requests to its targets",
    "aws:rds/instance:Instance": "the database",
    "aws:sqs/queue:Queue": "producers and workers of the queue",
    "cloudflare:index/dnsRecord:DnsRecord": "visitors of the name",
}
"""Types without which a service stops, and what stops."""

LENGTH_NOT_KNOWN = "length not known"
DATABASE = "aws:rds/instance:Instance"
CLASS_CHANGE = "https://repost.aws/knowledge-center/rds-performance-impact"
"""With Multi-AZ the standby is changed first and a failover follows, typically 60 to 120 seconds. A single instance is
shut down and recovers; no figure."""
MODIFY = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html"
"""DBSubnetGroupName "causes an outage", EngineVersion "results in an outage": in the maintenance window unless they
are applied immediately. DBPortNumber: "your database restarts regardless of the value of the ApplyImmediately
parameter". No figure."""
OUTAGES: Mapping[str, str] = {
    "dbSubnetGroupName": "causes an outage",
    "engineVersion": "results in an outage",
    "port": "restarts the database",
}
AT_ONCE = frozenset({"port"})
"""Changes that do not wait for the maintenance window."""


def data_lost(change: Change) -> Iterator[Danger]:
    """A resource with data is deleted, or replaced by an empty one."""
    if (done := GONE.get(change.operation)) and change.type in STATEFUL:
        yield danger(Kind.DATA, change, f"{done}: {STATEFUL[change.type]}")


def downtime(change: Change) -> Iterator[Danger]:
    """A serving resource is deleted, or changed in a way that interrupts it."""
    if (done := GONE.get(change.operation)) and change.type in SERVING:
        length = LENGTH_NOT_KNOWN if change.operation == REPLACED else "permanently"
        yield danger(Kind.DOWNTIME, change, f"{done}: interrupts {SERVING[change.type]}; {length}")
    if change.type == DATABASE and change.operation == UPDATED:
        yield from _database(change)


def _database(change: Change) -> Iterator[Danger]:
    changed = {each.path for each in change.differences}
    when = "at once" if change.new.get("applyImmediately") is True else "in the maintenance window"
    if "instanceClass" in changed:
        classes = f"{change.old.get('instanceClass')} to {change.new.get('instanceClass')}"
        both = change.old.get("multiAz") is True and change.new.get("multiAz") is True
        length = "typically 60 to 120 seconds, a failover" if both else LENGTH_NOT_KNOWN
        yield danger(Kind.DOWNTIME, change, f"instanceClass {classes}, {when}: {length}", CLASS_CHANGE)
    for path in sorted(OUTAGES.keys() & changed):
        then = "at once" if path in AT_ONCE else when
        yield danger(Kind.DOWNTIME, change, f"{path}, {then}: {OUTAGES[path]}; {LENGTH_NOT_KNOWN}", MODIFY)
