"""Fake AWS and Cloudflare for operators' commands, in plain objects; every call is recorded."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

ACCOUNT = "123456789012"
INSIDE = {"acl-prod": "10.0.128.0/20", "acl-dr": "10.1.128.0/20"}
"""A subnet of the data tier, by network ACL."""
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def refusal(code: str, status: int = 400) -> ClientError:
    """An error in AWS's form."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


@dataclass
class World:
    """The state: databases by region and name (`status`, `source`), metrics, records; and every call."""

    databases: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    snapshots: dict[str, str] = field(default_factory=dict)
    lag_seconds: float | None = 0.0
    lag_age_seconds: float = 30.0
    ahead_seconds: float = 0.0
    moment: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    lost: set[str] = field(default_factory=set)
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    unmade: set[str] = field(default_factory=set)
    """Parts of the names of secrets without a value."""
    key_state: str = "Enabled"
    busy_asks: int = 0
    """How many more times RDS describes its databases as being backed up."""
    certificate: str = "ISSUED"
    expires: datetime = LATER
    images: list[str] = field(default_factory=lambda: ["available"])
    vcpus: float = 1000.0
    in_service: int = 6
    no_capacity: str = ""
    """Auto Scaling's message about a failed launch; empty if instances start."""
    ways_in: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stubborn_hosts: int = 0
    stuck_jobs: int = 0
    messages: dict[str, list[str]] = field(default_factory=dict)
    unwilling: set[str] = field(default_factory=set)
    clients: int = 0
    fleets: dict[str, dict[str, Any]] = field(default_factory=dict)
    unhealthy: set[str] = field(default_factory=set)
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    restorable: datetime = LATER
    backup_age: timedelta | None = timedelta(hours=3)
    kept_age: timedelta | None = timedelta(minutes=5)
    alarms: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, list[Any]] = field(default_factory=dict)
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    command_status: str = "Success"
    token_changed: datetime = LATER
    lent: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    ignored_names: set[str] = field(default_factory=set)
    edge_failures: int = 0
    canary_rows: int = 10
    killed: set[str] = field(default_factory=set)
    recovered: list[str] = field(default_factory=list)
    recovered_by: list[object] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        """The time of AWS's clock, in seconds; it stands still, because no test takes a second."""
        return self.moment + timedelta(seconds=self.ahead_seconds)

    def changes(self) -> list[str]:
        """The calls that change something."""
        asking = ("describe", "get", "list", "put_metric")
        return [name for _, _, name in self.calls if not name.startswith(asking)]

    def calls_to(self, region: str) -> list[str]:
        """The calls to a region."""
        return [name for there, _, name in self.calls if there == region]


class FakeClient:
    """A fake boto3 client; a lost region does not answer."""

    def __init__(self, world: World, service: str, region: str) -> None:
        self._world, self._service, self._region = world, service, region

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**asked: Any) -> Any:
            self._world.calls.append((self._region, self._service, name))
            if self._region in self._world.lost:
                raise EndpointConnectionError(endpoint_url=self._region)
            if name in self._world.unwilling:
                raise refusal("InternalError", 500)
            return ANSWERS[name](self._world, self._region, asked)

        return call

    def can_paginate(self, _operation: str) -> bool:
        """Every answer is one page."""
        return False


def arn(region: str, database: str) -> str:
    """A database's ARN."""
    return f"arn:aws:rds:{region}:{ACCOUNT}:db:{database}"


Asked = dict[str, Any]


def secret(world: World, region: str, asked: Asked) -> Any:
    name = asked["SecretId"].rpartition(":")[2]
    name = name[:-7] if asked["SecretId"].startswith("arn:") else name
    if (region, name) not in world.secrets:
        raise refusal("ResourceNotFoundException")
    content = world.secrets[region, name]
    return {"SecretString": content, "VersionId": content}


def versions(world: World, region: str, asked: Asked) -> Any:
    """Each secret has a value, unless it is one of those that are `unmade`."""
    made = not any(name in asked["SecretId"] for name in world.unmade)
    return {"Versions": [{"VersionStages": ["AWSCURRENT"], "CreatedDate": world.now()}] if made else []}


def databases(world: World, region: str, asked: Asked) -> Any:
    there, name = world.databases.get(region, {}), asked.get("DBInstanceIdentifier")
    if name is None:
        return {"DBInstances": list(there)}
    if name not in there:
        raise refusal("DBInstanceNotFound", 404)
    row = there[name]
    if world.busy_asks:
        world.busy_asks -= 1
    status = "backing-up" if world.busy_asks else row["status"]
    shown: Any = {"DBInstanceStatus": status, "DBInstanceArn": arn(region, name)}
    shown["LatestRestorableTime"] = world.restorable
    return {"DBInstances": [shown | {"ReadReplicaSourceDBInstanceIdentifier": row["source"]}]}


def require_ready(world: World, region: str, asked: Asked) -> None:
    row = world.databases[region][asked["DBInstanceIdentifier"]]
    if world.busy_asks or row["status"] != "available":
        raise refusal("InvalidDBInstanceState")


def changed_database(world: World, region: str, asked: Asked) -> Any:
    require_ready(world, region, asked)
    return {"DBInstance": "modified"}


def new_snapshot(world: World, region: str, asked: Asked) -> Any:
    require_ready(world, region, asked)
    if asked["DBSnapshotIdentifier"] in world.snapshots:
        raise refusal("DBSnapshotAlreadyExists")
    world.snapshots[asked["DBSnapshotIdentifier"]] = "available"
    return dict[str, str]()


def snapshots(world: World, region: str, asked: Asked) -> Any:
    if "DBInstanceIdentifier" in asked:
        of = [name for name in world.snapshots if name.startswith(asked["DBInstanceIdentifier"])]
        return {"DBSnapshots": [{"DBSnapshotIdentifier": name, "Status": world.snapshots[name]} for name in of]}
    name = asked["DBSnapshotIdentifier"]
    if name not in world.snapshots:
        raise refusal("DBSnapshotNotFound", 404)
    return {"DBSnapshots": [{"Status": world.snapshots[name]}]}


def lag(world: World, region: str, asked: Asked) -> Any:
    if asked["MetricName"] == "DatabaseConnections":
        return {"Datapoints": [{"Maximum": float(world.clients), "Timestamp": asked["StartTime"]}]}
    if world.lag_seconds is None:
        return {"Datapoints": list[Any]()}
    now = world.now()
    newest = now - timedelta(seconds=world.lag_age_seconds)
    # A new data point comes as soon as it is waited for, because no test waits for a minute.
    if newest < asked["StartTime"] and now - asked["StartTime"] < timedelta(minutes=1):
        newest = asked["StartTime"]
    measured = asked["StartTime"] <= newest < asked["EndTime"]
    return {"Datapoints": [{"Maximum": world.lag_seconds, "Timestamp": newest}] if measured else []}


def groups(world: World, region: str, asked: Asked) -> Any:
    return {"AutoScalingGroups": [group(world, name) for name in asked["AutoScalingGroupNames"]]}


def activities(world: World, region: str, asked: Asked) -> Any:
    """A running launch, and the result of the previous one."""
    ended = {"StatusCode": "Failed" if world.no_capacity else "Successful", "StatusMessage": world.no_capacity}
    return {"Activities": [{"StartTime": world.now(), **row} for row in ({"StatusCode": "InProgress"}, ended)]}


def group(world: World, name: str) -> Any:
    fleet = world.fleets.get(name, {})
    count = world.stubborn_hosts if fleet.get("ended") else world.in_service
    instance = {"LifecycleState": "InService", "HealthStatus": "Healthy", "LaunchTemplate": {"Version": "1"}}
    return {
        "AutoScalingGroupName": name,
        "Instances": [instance | {"InstanceId": f"i-{name}-{number}"} for number in range(count)],
        "MinSize": fleet.get("min_size", 0),
        "MaxSize": fleet.get("max_size", 0),
        "DesiredCapacity": fleet.get("min_size", 0),
        **_started_from({"LaunchTemplateId": name, "Version": "1"}, several_types=bool(fleet.get("several_types"))),
        "TargetGroupARNs": [name],
    }


def _started_from(template: dict[str, str], *, several_types: bool) -> dict[str, Any]:
    if several_types:
        return {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": template}}}
    return {"LaunchTemplate": template}


def resize(world: World, region: str, asked: Asked) -> Any:
    assert (asked["MinSize"], asked["MaxSize"], asked["DesiredCapacity"]) == (0, 0, 0)
    world.fleets[asked["AutoScalingGroupName"]]["ended"] = True


def acl(world: World, region: str, asked: Asked) -> Any:
    (identifier,) = asked["NetworkAclIds"]
    inside = {"RuleNumber": 130, "Egress": False, "RuleAction": "allow", "CidrBlock": INSIDE[identifier]}
    rest = {"RuleNumber": 32767, "Egress": False, "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    return {"NetworkAcls": [{"Entries": [*world.ways_in[region], inside, rest]}]}


def close(world: World, region: str, asked: Asked) -> Any:
    there = world.ways_in[region]
    world.ways_in[region] = [
        e for e in there if (e["RuleNumber"], e["Egress"]) != (asked["RuleNumber"], asked["Egress"])
    ]


def template(world: World, region: str, asked: Asked) -> Any:
    text = f"ASKPROAI_ROLE=web\nASKPROAI_RELEASE={world.fleets[asked['LaunchTemplateId']]['release']}\n"
    data = {"UserData": base64.b64encode(text.encode()).decode()}
    return {"LaunchTemplateVersions": [{"VersionNumber": 1, "LaunchTemplateData": data}]}


def targets(world: World, region: str, asked: Asked) -> Any:
    name = asked["TargetGroupArn"]
    state = "unhealthy" if name in world.unhealthy else "healthy"
    rows = [
        {"Target": {"Id": f"i-{name}-{number}"}, "TargetHealth": {"State": state}} for number in range(world.in_service)
    ]
    return {"TargetHealthDescriptions": rows}


def rules(world: World, region: str, asked: Asked) -> Any:
    names = [name for name, fleet in world.fleets.items() if fleet["weight"] is not None]
    shares = [{"TargetGroupArn": name, "Weight": world.fleets[name]["weight"]} for name in names]
    return {"Rules": [{"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}]}]}


def content(world: World, region: str, asked: Asked) -> Any:
    if (region, asked["Key"]) not in world.objects:
        raise refusal("NoSuchKey", 404)
    return {"Body": io.BytesIO(world.objects[region, asked["Key"]])}


def listing(world: World, region: str, asked: Asked) -> Any:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    if not (prefix := asked.get("Prefix")):
        return {"Contents": [{"LastModified": moment}]}
    keys = [key for place, key in world.objects if place == region and key.startswith(prefix)]
    return {"Contents": [{"Key": key, "LastModified": moment} for key in keys]}


def command(world: World, region: str, asked: Asked) -> Any:
    world.commands += asked["Parameters"]["commands"]
    return {"Command": {"CommandId": f"command-{len(world.commands)}"}}


def invocation(world: World, region: str, asked: Asked) -> Any:
    return {"Status": world.command_status, "StandardErrorContent": "SQLSTATE[42S01]: Base table exists\n"}


def lend(world: World, region: str, asked: Asked) -> None:
    world.lent[asked["SecretId"]] = asked["ResourcePolicy"]


def cache(world: World, region: str, asked: Asked) -> Any:
    return {"ReplicationGroups": [{"Status": "available", "AuthTokenLastModifiedDate": world.token_changed}]}


def end_token(world: World, region: str, asked: Asked) -> None:
    assert (asked["AuthTokenUpdateStrategy"], asked["ApplyImmediately"]) == ("SET", True)
    world.token_changed += timedelta(seconds=1)


def instance_types(world: World, region: str, asked: Asked) -> Any:
    return {"InstanceTypes": [{"InstanceType": t, "VCpuInfo": {"DefaultVCpus": 8}} for t in asked["InstanceTypes"]]}


def quota(world: World, region: str, asked: Asked) -> Any:
    return {"Quota": {"Value": world.vcpus if asked["ServiceCode"] == "ec2" else 40.0}}


def queue(world: World, region: str, asked: Asked) -> Any:
    """Jobs are processed once no web host adds more; those that a test added stay."""
    url, names = asked["QueueUrl"], asked["AttributeNames"]
    if names == ["RedrivePolicy"]:
        return {"Attributes": {"RedrivePolicy": f'{{"deadLetterTargetArn": "arn:{url}-dead"}}'}}
    if url in world.messages or url.endswith("-dead"):
        return {"Attributes": dict(zip(names, (str(len(world.messages.get(url, []))), "0", "0"), strict=True))}
    ended = world.fleets[f"{asked['QueueUrl']}-blue"].get("ended")
    counts = (0, 0, world.stuck_jobs) if ended else (2, 0, 1)
    return {"Attributes": {name: str(count) for name, count in zip(asked["AttributeNames"], counts, strict=True)}}


def receive(world: World, region: str, asked: Asked) -> Any:
    return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in world.messages.get(asked["QueueUrl"], [])]}


def send(world: World, region: str, asked: Asked) -> None:
    world.messages.setdefault(asked["QueueUrl"], []).append(asked["MessageBody"])


def recovery_points(world: World, region: str, asked: Asked) -> Any:
    """The vault also has the volume's, which are always recent."""
    ages = {"RDS": world.backup_age, "EBS": timedelta()}
    wanted = [age for kind, age in ages.items() if asked.get("ByResourceType", kind) == kind]
    return {"RecoveryPoints": [{"CreationDate": datetime.now(UTC) - age} for age in wanted if age is not None]}


def kept_backups(world: World, region: str, asked: Asked) -> Any:
    """Those of every database with a replica in the region, and of another one, which has no window yet."""
    age, replicas = world.kept_age, [row["source"].rpartition(":")[2] for row in world.databases[region].values()]
    window: Any = {"RestoreWindow": {"LatestTime": datetime.now(UTC) - age}} if age is not None else {}
    sources = [(place, name) for place, there in world.databases.items() for name in there if name in replicas]
    kept: list[Any] = [{"DBInstanceArn": arn(place, name), **window} for place, name in sources]
    return {"DBInstanceAutomatedBackups": [{"DBInstanceArn": arn(region, "another"), "Status": "pending"}, *kept]}


def alarms(world: World, region: str, asked: Asked) -> Any:
    found = world.alarms.get(region, {})
    rows = [{"AlarmName": name, "StateValue": state} for name, state in found.items()]
    return {"MetricAlarms": [row for row in rows if row["AlarmName"].startswith(asked["AlarmNamePrefix"])]}


def publish(world: World, region: str, asked: Asked) -> None:
    if (region, "put_metric_data") in world.forbidden:
        raise refusal("AccessDenied", 403)
    world.published.setdefault(region, []).append(asked)


Answering = Callable[[World, str, Asked], Any]


def constant(what: Any) -> Answering:
    """The same answer to everything."""
    return lambda world, region, asked: what


ANSWERS: dict[str, Answering] = {
    "get_caller_identity": lambda world, region, asked: {
        "Account": ACCOUNT,
        "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(world.now(), usegmt=True)}},
    },
    "get_secret_value": secret,
    "list_secret_version_ids": versions,
    "put_resource_policy": lend,
    "describe_replication_groups": cache,
    "modify_replication_group": end_token,
    "describe_key": lambda world, region, asked: {"KeyMetadata": {"KeyState": world.key_state}},
    "describe_certificate": lambda world, region, asked: {
        "Certificate": {"Status": world.certificate, "NotAfter": world.expires}
    },
    "get_parameter": constant({"Parameter": {"Value": "ami-1"}}),
    "describe_images": lambda world, region, asked: {"Images": [{"State": state} for state in world.images]},
    "describe_instance_types": instance_types,
    "get_service_quota": quota,
    "describe_db_instances": databases,
    "modify_db_instance": changed_database,
    "create_db_snapshot": new_snapshot,
    "describe_db_snapshots": snapshots,
    "get_metric_statistics": lag,
    "describe_auto_scaling_groups": groups,
    "describe_scaling_activities": activities,
    "list_objects_v2": listing,
    "get_object": content,
    "describe_launch_template_versions": template,
    "describe_target_health": targets,
    "describe_load_balancers": lambda world, region, asked: {
        "LoadBalancers": [{"LoadBalancerArn": name, "DNSName": f"balancer.{name}"} for name in ("prod", "dr")]
    },
    "describe_listeners": constant({"Listeners": [{"ListenerArn": "listener"}]}),
    "describe_rules": rules,
    "set_desired_capacity": constant(None),
    "update_auto_scaling_group": resize,
    "describe_network_acls": acl,
    "delete_network_acl_entry": close,
    "send_command": command,
    "get_command_invocation": invocation,
    "get_queue_attributes": queue,
    "get_queue_url": lambda world, region, asked: {"QueueUrl": asked["QueueName"]},
    "receive_message": receive,
    "send_message": send,
    "delete_message": lambda world, region, asked: world.messages[asked["QueueUrl"]].remove(asked["ReceiptHandle"]),
    "list_recovery_points_by_backup_vault": recovery_points,
    "describe_alarms": alarms,
    "describe_db_instance_automated_backups": kept_backups,
    "put_metric_data": publish,
}
"""The answer of each operation."""
