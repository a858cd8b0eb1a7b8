"""The platform's encryption keys: one for each kind of data, so that access to one kind gives no access to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import EVERYONE, Statement, allow, deny, document
from components.security.publishers import ALARMS, TOPICS, WITH_KEY
from components.site import Site
from naming import DataClass, Naming
from settings import KeysSettings

KeyRole = Literal["data", "storage", "logs", "messages", "secrets"]

USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

ENDS = ["kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
"""The actions that make everything that a key encrypts unreadable, or that could allow this again.

Not kms:RevokeGrant: the services that use a key revoke their own grants, and a grant can be created again.
"""


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key, why it is separate, and what AWS services may do with it in addition to the account's roles.

    A key that `outlives` its stack encrypts what does: without it, the final snapshots could not be read.

    Most services (RDS, ElastiCache, S3, SQS, Secrets Manager) use a key on behalf of their caller, and need no
    permission of their own.
    """

    role: KeyRole
    why: str
    services: Callable[[Site], list[Statement]]
    outlives: bool = False


def _no_services(site: Site) -> list[Statement]:
    return []


def _volumes(site: Site) -> list[Statement]:
    """Auto Scaling starts instances with encrypted volumes under a service-linked role, whose policy is fixed.

    The role is named in a condition, not as the principal: KMS rejects a policy whose principal does not exist, and AWS
    creates this role only with the account's first Auto Scaling group.
    """
    account = site.naming.account_id
    role = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    the_role = {
        "StringEquals": {"kms:CallerAccount": account},
        "ArnEquals": {"aws:PrincipalArn": role},
    }
    for_resources = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow(USE, "*", sid="AutoScalingUsesVolumes", principal=EVERYONE, condition=the_role),
        allow(
            ["kms:CreateGrant"],
            "*",
            sid="AutoScalingAttachesVolumes",
            principal=EVERYONE,
            condition={**the_role, **for_resources},
        ),
    ]


def _log_groups(site: Site) -> list[Statement]:
    """CloudWatch Logs sends no aws:SourceAccount; the log group's ARN, which it does send, names the account."""
    groups = f"arn:aws:logs:{site.region}:{site.naming.account_id}:log-group:*"
    return [
        allow(
            USE,
            "*",
            sid="LogGroups",
            principal={"Service": f"logs.{site.region}.amazonaws.com"},
            condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    ]


def _publishers(site: Site) -> list[Statement]:
    """Alarms are published to encrypted topics, and topics deliver to encrypted queues."""
    return [publisher.may(WITH_KEY, "*", site.naming.account_id) for publisher in (ALARMS, TOPICS)]


KEYS = (
    KeyRow(
        role="data",
        why="Database, cache and volumes: what the application works on.",
        services=_volumes,
        outlives=True,
    ),
    KeyRow(role="storage", why="Objects in buckets, and the backups.", services=_no_services, outlives=True),
    KeyRow(
        role="logs",
        why="Log groups: readable to who investigates, without a right to the data.",
        services=_log_groups,
    ),
    KeyRow(role="messages", why="Queues and topics: the hosts that send need no other key.", services=_publishers),
    KeyRow(role="secrets", why="Passwords and tokens: the narrowest circle of readers.", services=_no_services),
)
"""`why` is the key's description in KMS."""


@dataclass(frozen=True, kw_only=True)
class KeyReference:
    """How a policy names a key: by its ARN, or, if another stack declares it, by `alias` among the keys that match
    `arn`."""

    arn: pulumi.Input[str]
    alias: str | None = None


def alias_of(naming: Naming, role: str) -> str:
    """The name under which the key of a role can be looked up in its region."""
    return f"alias/{naming.physical(role, 250)}"


def key_policy(site: Site, row: KeyRow, settings: KeysSettings, copied_to: str | None = None) -> pulumi.Output[str]:
    """The policy of a key: the account's IAM policies decide, then the row's services.

    Without the first statement a key can become permanently inaccessible.
    """
    kept = one_role_ends_it(site, settings) if row.outlives else []
    return document([account_decides(site), *row.services(site), *_reads(copied_to), *kept])


def keeps(row: KeyRow, settings: KeysSettings) -> bool:
    """Whether only one role may disable or delete the key. Its creator cannot change its policy, and must tell KMS that
    this is intended."""
    return row.outlives and settings.administrator_role is not None


def _reads(account_id: str | None) -> list[Statement]:
    """Another account copies snapshots only if it may use their key (AWS Backup Developer Guide, "Encryption")."""
    if account_id is None:
        return []
    account = {"AWS": f"arn:aws:iam::{account_id}:root"}
    for_resources = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow(["kms:Decrypt", "kms:DescribeKey"], "*", sid="CopiesAreRead", principal=account),
        allow(["kms:CreateGrant"], "*", sid="CopiesAreMade", principal=account, condition=for_resources),
    ]


def one_role_ends_it(site: Site, settings: KeysSettings) -> list[Statement]:
    """A lock on backups or objects protects no longer than the key that encrypts them.

    The role is named in a condition: it need not exist yet, and a new role of this name has the permission.
    """
    if settings.administrator_role is None:
        return []
    role = f"arn:aws:iam::{site.naming.account_id}:role/{settings.administrator_role}"
    others = {"ArnNotEquals": {"aws:PrincipalArn": role}}
    return [deny(ENDS, "*", sid="OneRoleEndsIt", principal=EVERYONE, condition=others)]


def account_decides(site: Site) -> Statement:
    """The first statement of every key's policy: the account's IAM policies decide."""
    account = {"AWS": f"arn:aws:iam::{site.naming.account_id}:root"}
    return allow(["kms:*"], "*", sid="AccountDecides", principal=account)


def log_group_encrypts(site: Site, group: str) -> Statement:
    """The log group of that name uses the key."""
    arn = f"arn:aws:logs:{site.region}:{site.naming.account_id}:log-group:{group}"
    return allow(
        USE,
        "*",
        sid="LogGroup",
        principal={"Service": f"logs.{site.region}.amazonaws.com"},
        condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}},
    )


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """`settings` has the deletion window. `copied_to` is an account that receives snapshots."""

    site: Site
    settings: KeysSettings
    copied_to: str | None = None


class Keys(Component):
    """Customer-managed keys, `keys["data"]` and so on: rotated each year, and with replicas in other regions."""

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security:Keys", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._keys = {row.role: self._key(name, args, row) for row in KEYS}
        self.register_outputs(self.arns)

    def __getitem__(self, role: KeyRole) -> aws.kms.Key:
        return self._keys[role]

    @property
    def arns(self) -> dict[str, pulumi.Output[str]]:
        """The ARN of every key, by role."""
        return {role: key.arn for role, key in self._keys.items()}

    def _key(self, name: str, args: KeysArgs, row: KeyRow) -> aws.kms.Key:
        key = aws.kms.Key(
            f"{name}-{row.role}",
            description=row.why,
            multi_region=True,
            enable_key_rotation=True,
            deletion_window_in_days=args.settings.deletion_window_days,
            policy=key_policy(args.site, row, args.settings, args.copied_to if row.role == "data" else None),
            bypass_policy_lockout_safety_check=keeps(row, args.settings) or None,
            opts=self.child(protect=args.site.protected, outlives=row.outlives),
        )
        aws.kms.Alias(
            f"{name}-{row.role}-alias",
            name=alias_of(args.site.naming, row.role),
            target_key_id=key.key_id,
            opts=self.child(),
        )
        return key
