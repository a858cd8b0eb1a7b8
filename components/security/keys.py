"""The platform's encryption keys: one for each kind of data, so that a right to one kind is no right to another."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from naming import DataClass, Naming
from settings import KeysSettings

Statement = dict[str, Any]

USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
PUBLISH = ["kms:Decrypt", "kms:GenerateDataKey*"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The account and region a key serves: what its grants to AWS services are confined to."""

    account_id: str
    region: str


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key, why it is one of its own, and what AWS's services may do with it beyond the account's own roles.

    Most services (RDS, ElastiCache, S3, SQS, Secrets Manager) use a key in their caller's name, and need no grant.
    """

    role: str
    why: str
    grants: Callable[[Place], list[Statement]]


def _no_grants(place: Place) -> list[Statement]:
    return []


def _volumes(place: Place) -> list[Statement]:
    """Auto Scaling starts instances with encrypted volumes by itself, under a role that no policy of ours can reach.

    The role is named in a condition, not as the principal: KMS refuses a policy whose principal does not exist, and AWS
    makes this role only when the account's first group is made.
    """
    role = (
        f"arn:aws:iam::{place.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    the_role = {
        "StringEquals": {"kms:CallerAccount": place.account_id},
        "ArnEquals": {"aws:PrincipalArn": role},
    }
    for_resources = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    anyone = {"AWS": "*"}
    return [
        _allow("AutoScalingUsesVolumes", anyone, USE, the_role),
        _allow("AutoScalingAttachesVolumes", anyone, ["kms:CreateGrant"], {**the_role, **for_resources}),
    ]


def _log_groups(place: Place) -> list[Statement]:
    """CloudWatch Logs says which log group it encrypts for, which holds the account: it sends no aws:SourceAccount."""
    groups = f"arn:aws:logs:{place.region}:{place.account_id}:log-group:*"
    return [
        _allow(
            "LogGroups",
            {"Service": f"logs.{place.region}.amazonaws.com"},
            USE,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    ]


def _publishers(place: Place) -> list[Statement]:
    """Alarms are published to encrypted topics, and topics deliver to encrypted queues."""
    of_the_account = {"StringEquals": {"aws:SourceAccount": place.account_id}}
    return [
        _allow("Alarms", {"Service": "cloudwatch.amazonaws.com"}, PUBLISH, of_the_account),
        _allow("Topics", {"Service": "sns.amazonaws.com"}, PUBLISH, of_the_account),
    ]


KEYS = (
    KeyRow(role="data", why="Database, cache and volumes: what the application works on.", grants=_volumes),
    KeyRow(role="storage", why="Objects in buckets, among them the backups.", grants=_no_grants),
    KeyRow(
        role="logs", why="Log groups: readable to who investigates, without a right to the data.", grants=_log_groups
    ),
    KeyRow(role="messages", why="Queues and topics: the hosts that send need no other key.", grants=_publishers),
    KeyRow(role="secrets", why="Passwords and tokens: the narrowest circle of readers.", grants=_no_grants),
)


@dataclass(frozen=True, kw_only=True)
class KeyReference:
    """How a policy names a key: by its ARN, or, where another stack declares it, as those among `arn` with `alias`."""

    arn: pulumi.Input[str]
    alias: str | None = None


def alias_of(naming: Naming, role: str) -> str:
    """The name under which the key of a role can be looked up in its region."""
    return f"alias/{naming.physical(role, 250)}"


def policy_of(place: Place, row: KeyRow) -> dict[str, Any]:
    """The account's IAM policies decide, without which a key can become unreachable for good; then the row's grants."""
    account = {"AWS": f"arn:aws:iam::{place.account_id}:root"}
    statements = [_allow("AccountDecides", account, ["kms:*"]), *row.grants(place)]
    return {"Version": "2012-10-17", "Statement": statements}


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """Where the keys are used, and how long a deleted one can be called back."""

    naming: Naming
    region: str
    settings: KeysSettings
    protected: bool


class Keys(Component):
    """Customer-managed keys, rotated each year, that another region can hold replicas of."""

    data: aws.kms.Key
    storage: aws.kms.Key
    logs: aws.kms.Key
    messages: aws.kms.Key
    secrets: aws.kms.Key

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        keys = {row.role: self._key(name, args, row) for row in KEYS}
        self.data = keys["data"]
        self.storage = keys["storage"]
        self.logs = keys["logs"]
        self.messages = keys["messages"]
        self.secrets = keys["secrets"]
        self.register_outputs({role: key.arn for role, key in keys.items()})

    def _key(self, name: str, args: KeysArgs, row: KeyRow) -> aws.kms.Key:
        place = Place(account_id=args.naming.account_id, region=args.region)
        key = aws.kms.Key(
            f"{name}-{row.role}",
            description=row.why,
            multi_region=True,
            enable_key_rotation=True,
            deletion_window_in_days=args.settings.deletion_window_days,
            policy=json.dumps(policy_of(place, row)),
            opts=self.child(protect=args.protected),
        )
        aws.kms.Alias(
            f"{name}-{row.role}-alias",
            name=alias_of(args.naming, row.role),
            target_key_id=key.key_id,
            opts=self.child(),
        )
        return key


def _allow(sid: str, principal: Statement, actions: list[str], condition: Statement | None = None) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return statement if condition is None else {**statement, "Condition": condition}
