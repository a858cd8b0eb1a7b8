"""What the fake cloud fills in where AWS would: identifiers, ARNs, names, addresses.

Fields whose form programs rely on come from a table. Every other field that the SDK declares as always present gets a
value of its type, because computed outputs would vanish in a fake that only echoes inputs.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import pulumi

PYTHON_KEYWORDS = {"lambda": "lambda_"}
GROWN_GIB = 200
"""The minimum size of a database, which RDS has grown."""
PLAIN_VALUES: dict[Any, Callable[[str, str], Any]] = {
    pulumi.Output[str]: lambda name, field: f"{name}-{field}",
    pulumi.Output[int]: lambda name, field: 1,
    pulumi.Output[bool]: lambda name, field: False,
}


@dataclass(frozen=True, kw_only=True)
class Where:
    """The region and account that a fake resource is in."""

    region: str
    account_id: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}::{self.account_id}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that is being created: its logical and physical name, its identifier, and its inputs."""

    name: str
    physical: str
    id: str
    inputs: Mapping[str, Any]
    where: Where


def _bucket(made: Made) -> dict[str, Any]:
    return {
        "id": made.physical,
        "bucket": made.physical,
        "arn": f"arn:aws:s3:::{made.physical}",
        "bucketDomainName": f"{made.physical}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{made.physical}.s3.{made.where.region}.amazonaws.com",
    }


def _queue(made: Made) -> dict[str, Any]:
    url = f"https://sqs.{made.where.region}.amazonaws.com/{made.where.account_id}/{made.physical}"
    return {"id": url, "url": url, "arn": made.where.arn("sqs", made.physical)}


def _key(made: Made) -> dict[str, Any]:
    key_id = f"mrk-{made.id}" if made.inputs.get("multiRegion") else made.id
    return {"id": key_id, "keyId": key_id, "arn": made.where.arn("kms", f"key/{key_id}")}


def _replica_key(made: Made) -> dict[str, Any]:
    """A replica has its primary's identifier, in a region of its own."""
    key_id = made.inputs["primaryKeyArn"].rpartition("/")[2]
    return {"id": key_id, "keyId": key_id, "arn": made.where.arn("kms", f"key/{key_id}")}


def _database(made: Made) -> dict[str, Any]:
    host = f"{made.inputs['identifier']}.fake.{made.where.region}.rds.amazonaws.com"
    return {
        "id": f"db-{made.id}",
        "arn": made.where.arn("rds", f"db:{made.inputs['identifier']}"),
        "address": host,
        "port": 3306,
        "allocatedStorage": max(made.inputs.get("allocatedStorage", 0), GROWN_GIB),
        "endpoint": f"{host}:3306",
    }


def _cache(made: Made) -> dict[str, Any]:
    group = made.inputs["replicationGroupId"]
    return {
        "id": group,
        "arn": made.where.arn("elasticache", f"replicationgroup:{group}"),
        "configurationEndpointAddress": f"clustercfg.{group}.fake.cache.amazonaws.com",
    }


def _load_balancer(made: Made) -> dict[str, Any]:
    path = f"app/{made.physical}/{made.id}"
    arn = made.where.arn("elasticloadbalancing", f"loadbalancer/{path}")
    dns_name = f"{made.physical}.{made.where.region}.elb.amazonaws.com"
    return {"id": arn, "arn": arn, "arnSuffix": path, "dnsName": dns_name, "zoneId": f"Z{made.id}"}


def _target_group(made: Made) -> dict[str, Any]:
    path = f"targetgroup/{made.physical}/{made.id}"
    arn = made.where.arn("elasticloadbalancing", path)
    return {"id": arn, "arn": arn, "arnSuffix": path}


def _certificate(made: Made) -> dict[str, Any]:
    domains = [made.inputs["domainName"], *made.inputs.get("subjectAlternativeNames", [])]
    options = [
        {
            "domainName": domain,
            "resourceRecordName": f"_fake.{domain.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_fake-{made.id}.acm-validations.aws.",
        }
        for domain in domains
    ]
    arn = made.where.arn("acm", f"certificate/{made.id}")
    return {"id": arn, "arn": arn, "domainValidationOptions": options}


def _by_name(service: str, kind: str = "", *, everywhere: bool = False) -> Callable[[Made], dict[str, Any]]:
    """A resource whose identifier is its name and whose ARN is `<kind><name>`."""

    def fields(made: Made) -> dict[str, Any]:
        make_arn = made.where.global_arn if everywhere else made.where.arn
        return {"id": made.physical, "name": made.physical, "arn": make_arn(service, f"{kind}{made.physical}")}

    return fields


def _by_arn(service: str, kind: str = "", suffix: str = "") -> Callable[[Made], dict[str, Any]]:
    """A resource whose identifier is its ARN."""

    def fields(made: Made) -> dict[str, Any]:
        arn = made.where.arn(service, f"{kind}{made.physical}{suffix}")
        return {"id": arn, "arn": arn}

    return fields


FORMS: dict[str, Callable[[Made], dict[str, Any]]] = {
    "aws:acm/certificate:Certificate": _certificate,
    "aws:autoscaling/group:Group": _by_name("autoscaling", "autoScalingGroup:fake:autoScalingGroupName/"),
    "aws:backup/vault:Vault": _by_name("backup", "backup-vault:"),
    "aws:cloudwatch/logGroup:LogGroup": _by_name("logs", "log-group:"),
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:iam/instanceProfile:InstanceProfile": _by_name("iam", "instance-profile/", everywhere=True),
    "aws:iam/role:Role": _by_name("iam", "role/", everywhere=True),
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _replica_key,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
    "aws:lb/trustStore:TrustStore": _by_arn("elasticloadbalancing", "truststore/"),
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _by_arn("secretsmanager", "secret:", "-AbCdEf"),
    "aws:sns/topic:Topic": _by_arn("sns"),
    "aws:sqs/queue:Queue": _queue,
    "aws:wafv2/webAcl:WebAcl": _by_arn("wafv2", "regional/webacl/"),
}
NAME_INPUTS = ("name", "bucket", "identifier", "replicationGroupId", "namePrefix")


@cache
def _declared(type_token: str) -> dict[str, Any]:
    """Wire name to type of each output that the SDK's class for a type declares."""
    package, module, class_name = type_token.split(":")
    folder = module.split("/")[0]
    try:
        source = importlib.import_module(f"pulumi_{package}.{PYTHON_KEYWORDS.get(folder, folder)}")
    except ModuleNotFoundError:
        return {}
    members = vars(getattr(source, class_name, object))
    getters = {k: v.fget for k, v in members.items() if isinstance(v, property) and v.fget is not None}
    return {
        re.sub(r"_(\w)", lambda m: m[1].upper(), python_name): get_type_hints(getter).get("return")
        for python_name, getter in getters.items()
    }


def computed(type_token: str, name: str, inputs: Mapping[str, Any], where: Where) -> tuple[str, dict[str, Any]]:
    """The identifier of a new resource, and its state: what the SDK declares, its inputs, its form in the table."""
    service, _, kind = type_token.split(":")[1].partition("/")
    physical = next((str(inputs[key]) for key in NAME_INPUTS if inputs.get(key)), name)
    made = Made(name=name, physical=physical, id=f"{kind}-{name}", inputs=inputs, where=where)
    plain = {
        wire_name: PLAIN_VALUES[annotation](name, wire_name)
        for wire_name, annotation in _declared(type_token).items()
        if annotation in PLAIN_VALUES
    }
    default = {
        "id": made.id,
        "arn": where.arn(service, f"{kind}/{physical}"),
        "region": where.region,
        "tagsAll": inputs.get("tags", {}),
    }
    form = FORMS[type_token](made) if type_token in FORMS else {}
    state = {**plain, **default, **inputs, **form}
    return str(state["id"]), state
