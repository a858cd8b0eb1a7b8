"""What AWS charges for a resource by the hour or month, and how the Price List is asked for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.core.engine import UNKNOWN

HOURS_A_MONTH = Decimal(730)
"""365 * 24 / 12 (https://aws.amazon.com/calculator/calculator-assumptions, "Time period")."""

Inputs = Mapping[str, Any]

IN_REGION = {"locationType": "AWS Region"}
LINUX = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
ENGINES = {"mysql": "MySQL", "mariadb": "MariaDB", "postgres": "PostgreSQL"}
"""The Price List's words for engines whose licence costs nothing."""
BASELINE_GIB, BASELINE_IOPS, SMALL_IOPS = 400, 12_000, 3_000
"""RDS User Guide, gp3 storage of MySQL: IOPS included from 400 GiB on, and below."""
STANDARD_PERIOD_SECONDS = 60
"""CloudWatch: an alarm with a shorter period has high resolution."""


class NoPriceError(Exception):
    """Why a resource has no price."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the Price List: filters on attributes, and the usage type without its region's prefix."""

    service: str
    region: str
    filters: tuple[tuple[str, str], ...]
    usage: str = ""

    def __str__(self) -> str:
        words = [self.usage, *(value for name, value in self.filters if name not in IN_REGION)]
        return f"{self.service} {' '.join(word for word in words if word)} in {self.region}"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A part of what a resource costs: `quantity` of what the question prices."""

    what: str
    question: Question
    quantity: Decimal
    hourly: bool = False

    @property
    def monthly(self) -> Decimal:
        """How many of the price's units a month has."""
        return self.quantity * HOURS_A_MONTH if self.hourly else self.quantity


def charges(kind: str, inputs: Inputs, region: str, template: Inputs | None = None) -> list[Charge]:
    """What a resource is charged for. Raises NoPriceError.

    `template` are the inputs of the launch template that an Auto Scaling group starts its instances from.
    """
    if kind == GROUP:
        return list(_group(inputs, region, template))
    if kind == TEMPLATE:
        raise NoPriceError("the Auto Scaling groups that start instances from it carry the price")
    if reason := BY_USAGE.get(kind):
        raise NoPriceError(f"usage decides: {reason}")
    if kind not in CHARGED:
        raise NoPriceError(f"no price is known for {kind}")
    return list(CHARGED[kind](inputs, region))


def _charge(
    what: str, service: str, region: str, usage: str = "", *, count: Any = 1, hourly: bool = False, **filters: str
) -> Charge:
    """A charge; `filters` are attributes of the Price List."""
    question = Question(service=service, region=region, filters=tuple(sorted(filters.items())), usage=usage)
    return Charge(what=what, question=question, quantity=Decimal(str(count)), hourly=hourly)


def _given(inputs: Inputs, name: str) -> Any:
    """An input that decides the price."""
    value = inputs.get(name)
    if value in (None, ""):
        raise NoPriceError(f"{name} is not set")
    if value == UNKNOWN:
        raise NoPriceError(f"{name} is known only after the update")
    return value


def _number(inputs: Inputs, name: str) -> Decimal:
    return Decimal(str(_given(inputs, name)))


def _size(inputs: Inputs, name: str) -> int:
    """The length of a list, whose items may be known only after the update."""
    value = _given(inputs, name)
    if not isinstance(value, list):
        raise NoPriceError(f"{name} is not a list")
    return len(value)


def _database(inputs: Inputs, region: str) -> Iterator[Charge]:
    """An instance, its storage, and the IOPS above those that come with it."""
    if inputs.get("replicateSourceDb"):
        missing = [name for name in ("engine", "allocatedStorage") if not inputs.get(name)]
        if missing:
            raise NoPriceError(f"the source of the replica decides: {', '.join(missing)}")
    kind, storage = _given(inputs, "instanceClass"), inputs.get("storageType") or "gp2"
    engine = ENGINES.get(_given(inputs, "engine"))
    if engine is None or storage != "gp3":
        raise NoPriceError(f"no price is known for {inputs['engine']} on {storage}")
    zones = "Multi-AZ" if inputs.get("multiAz") is True else "Single-AZ"
    yield _charge(
        f"{kind} {zones}", "AmazonRDS", region, hourly=True, productFamily="Database Instance", instanceType=kind,
        deploymentOption=zones, databaseEngine=engine, **IN_REGION,
    )  # fmt: skip
    prefix = "RDS:Multi-AZ-GP3" if zones == "Multi-AZ" else "RDS:GP3"
    size = _number(inputs, "allocatedStorage")
    yield _charge(
        f"{size} GiB {storage}", "AmazonRDS", region, f"{prefix}-Storage", count=size,
        productFamily="Database Storage", databaseEngine="Any", deploymentOption=zones,
    )  # fmt: skip
    above = Decimal(str(inputs.get("iops") or 0)) - (BASELINE_IOPS if size >= BASELINE_GIB else SMALL_IOPS)
    if above > 0:
        yield _charge(
            f"{above} IOPS", "AmazonRDS", region, f"{prefix}-PIOPS", count=above,
            productFamily="Provisioned IOPS", databaseEngine="Any", deploymentOption=zones,
        )  # fmt: skip


def _cache(inputs: Inputs, region: str) -> Iterator[Charge]:
    kind, engine = _given(inputs, "nodeType"), str(inputs.get("engine") or "redis").capitalize()
    nodes = inputs.get("numCacheClusters") or (
        _number(inputs, "numNodeGroups") * (1 + Decimal(str(inputs.get("replicasPerNodeGroup") or 0)))
    )
    yield _charge(
        f"{nodes} {kind}", "AmazonElastiCache", region, f"NodeUsage:{kind}", count=nodes, hourly=True,
        productFamily="Cache Instance", instanceType=kind, cacheEngine=engine, **IN_REGION,
    )  # fmt: skip


def _group(inputs: Inputs, region: str, template: Inputs | None) -> Iterator[Charge]:
    """The instances that always run, and their disks."""
    if template is None:
        raise NoPriceError("the launch template decides, and is not known")
    count = _number(inputs, "minSize")
    kind = _given(template, "instanceType")
    yield _charge(
        f"{count} {kind}", "AmazonEC2", region, f"BoxUsage:{kind}", count=count, hourly=True,
        productFamily="Compute Instance", instanceType=kind, **LINUX, **IN_REGION,
    )  # fmt: skip
    for mapping in template.get("blockDeviceMappings") or []:
        disk = mapping.get("ebs") or {}
        volume, size = disk.get("volumeType") or "gp2", _number(disk, "volumeSize")
        yield _disk(f"{count} disks of {size} GiB {volume}", volume, region, count * size)


def _volume(inputs: Inputs, region: str) -> Iterator[Charge]:
    kind, size = inputs.get("type") or "gp2", _number(inputs, "size")
    yield _disk(f"disk of {size} GiB {kind}", kind, region, size)


def _disk(what: str, kind: str, region: str, size: Decimal) -> Charge:
    return _charge(
        what, "AmazonEC2", region, f"EBS:VolumeUsage.{kind}", count=size, productFamily="Storage", volumeApiName=kind,
        **IN_REGION,
    )  # fmt: skip


def _nat_gateway(_inputs: Inputs, region: str) -> Iterator[Charge]:
    yield _charge("gateway", "AmazonEC2", region, "NatGateway-Hours", hourly=True, productFamily="NAT Gateway")


def _address(_inputs: Inputs, region: str) -> Iterator[Charge]:
    usage = "PublicIPv4:InUseAddress"
    yield _charge("public IPv4 address", "AmazonVPC", region, usage, hourly=True, group="VPCPublicIPv4Address")


def _balancer(inputs: Inputs, region: str) -> Iterator[Charge]:
    if (kind := inputs.get("loadBalancerType") or "application") != "application":
        raise NoPriceError(f"no price is known for a load balancer of type {kind}")
    family = "Load Balancer-Application"
    yield _charge(
        "load balancer", "AWSELB", region, "LoadBalancerUsage", hourly=True, productFamily=family, **IN_REGION
    )


def _endpoint(inputs: Inputs, region: str) -> Iterator[Charge]:
    """An interface in each zone. AWS PrivateLink guide: there is no charge for a gateway endpoint."""
    kind = inputs.get("vpcEndpointType") or "Gateway"
    if kind == "Gateway":
        return
    if kind != "Interface":
        raise NoPriceError(f"no price is known for an endpoint of type {kind}")
    zones = _size(inputs, "subnetIds")
    what = f"endpoint in {zones} zones"
    yield _charge(what, "AmazonVPC", region, "VpcEndpoint-Hours", count=zones, hourly=True, productFamily="VpcEndpoint")


def _key(_inputs: Inputs, region: str) -> Iterator[Charge]:
    yield _charge("key", "awskms", region, "KMS-Keys", productFamily="Encryption Key")


def _secret(inputs: Inputs, region: str) -> Iterator[Charge]:
    """AWS Secrets Manager guide: each replica is billed as a secret."""
    for place in [region, *(_given(replica, "region") for replica in inputs.get("replicas") or [])]:
        usage = "AWSSecretsManager-Secrets"
        yield _charge(f"secret in {place}", "AWSSecretsManager", place, usage, productFamily="Secret")


def _alarm(inputs: Inputs, region: str) -> Iterator[Charge]:
    """CloudWatch charges each metric that an alarm reads."""
    metrics = [query["metric"] for query in inputs.get("metricQueries") or [] if query.get("metric")] or [inputs]
    periods = [Decimal(str(metric.get("period") or STANDARD_PERIOD_SECONDS)) for metric in metrics]
    kind = "Standard" if min(periods) >= STANDARD_PERIOD_SECONDS else "High Resolution"
    what = f"alarm on {len(metrics)} metrics" if len(metrics) > 1 else "alarm"
    yield _charge(what, "AmazonCloudWatch", region, count=len(metrics), productFamily="Alarm", alarmType=kind)


def _firewall(inputs: Inputs, region: str) -> Iterator[Charge]:
    family = "Web Application Firewall"
    yield _charge("web ACL", "awswaf", region, "WebACLV2", productFamily=family)
    if rules := len(inputs.get("rules") or []):
        yield _charge(f"{rules} rules", "awswaf", region, "RuleV2", count=rules, productFamily=family)


GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

CHARGED: Mapping[str, Callable[[Inputs, str], Iterator[Charge]]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ebs/volume:Volume": _volume,
    "aws:ec2/eip:Eip": _address,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _key,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:rds/instance:Instance": _database,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:wafv2/webAcl:WebAcl": _firewall,
}
"""What costs the same whether it is used or not."""

BY_USAGE: Mapping[str, str] = {
    "aws:backup/plan:Plan": "size of the backups, and what is copied to the other region",
    "aws:backup/vault:Vault": "size of the backups",
    "aws:cloudwatch/logGroup:LogGroup": "size of the logs",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "hours in which its metric has values",
    "aws:ec2/flowLog:FlowLog": "size of the logs",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "size of the logs that are archived",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": "size of the backups",
    "aws:s3/bucket:Bucket": "stored objects, requests and data transfer",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "replicated objects and data transfer",
    "aws:sns/topic:Topic": "messages",
    "aws:sqs/queue:Queue": "requests",
}
"""What costs nothing until it is used, and then as much as it is."""
