"""The permissions of the account's roles, as IAM statements: one function per permission, limited to its purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.account.sessions import PREFERENCES, SESSIONS
from components.security.iam import Statement, allow, deny
from monitoring.alerts.itself import REPORTS
from naming import PROJECT, Naming

STATE = "state"
"""The label of the state in names, as `ops bootstrap` creates it."""
SERVICES = [
    f"{service}:*"
    for service in (
        "acm", "autoscaling", "backup", "backup-storage", "cloudwatch", "ec2", "elasticache", "elasticloadbalancing",
        "firehose", "kms", "logs", "rds", "s3", "secretsmanager", "sns", "sqs", "wafv2",
    )
]  # fmt: skip
"""All actions of the services whose resources a region stack declares."""
LOOKS = [
    "autoscaling:Describe*",
    "cloudwatch:Describe*",
    "cloudwatch:Get*",
    "cloudwatch:List*",
    "elasticloadbalancing:Describe*",
    "logs:Describe*",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "rds:Describe*",
]
"""To read the platform's status, without the content of its buckets, secrets and queues."""
CHECKS = [
    "acm:DescribeCertificate",
    "backup:ListRecoveryPointsByBackupVault",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricStatistics",
    "rds:DescribeDBInstanceAutomatedBackups",
    "rds:DescribeDBInstances",
    "sqs:GetQueueAttributes",
]
"""The AWS calls of the morning checklist."""
OPERATORS = "devops"
"""The user on instances for operators' temporary SSH keys (`hosts/common/etc/sysusers.d/`)."""
MAKES_ROLES = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"]
"""Actions that could give a role more than its creator has: they require the boundary on the role."""
KEEPS_ROLES = [
    f"iam:{action}"
    for action in (
        "AddRoleToInstanceProfile", "CreateInstanceProfile", "DeleteInstanceProfile", "DeleteRole", "DeleteRolePolicy",
        "DetachRolePolicy", "GetInstanceProfile", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole", "ListRolePolicies", "PassRole", "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile", "TagRole", "UntagInstanceProfile", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole",
        "UpdateRoleDescription",
    )
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Names:
    """The ARNs in the permissions, built from names: other stacks declare the resources."""

    account_id: str
    environment: str

    @property
    def state_bucket(self) -> str:
        """Where the state of all stacks is."""
        naming = Naming(environment=STATE, account_id=self.account_id, cost_center="")
        return f"arn:aws:s3:::{naming.bucket('home')}"

    @property
    def boundary(self) -> str:
        """The permissions boundary."""
        return self.iam(f"policy/{PROJECT}-{self.environment}-boundary")

    def iam(self, resource: str) -> str:
        """An IAM resource of the account."""
        return f"arn:aws:iam::{self.account_id}:{resource}"

    def any_of(self, service: str, resource: str) -> str:
        """A resource of a service, in any region."""
        return f"arn:aws:{service}:*:{self.account_id}:{resource}"


def state(names: Names, *, writes: bool) -> list[Statement]:
    """The state of the stacks, and its key, by the key's alias in both its regions."""
    objects = ["s3:GetObject", *(["s3:DeleteObject", "s3:PutObject"] if writes else [])]
    with_key = ["kms:Decrypt", *(["kms:Encrypt", "kms:GenerateDataKey"] if writes else [])]
    return [
        allow(["s3:ListBucket", *objects], [names.state_bucket, f"{names.state_bucket}/*"], sid="State"),
        allow(with_key, names.any_of("kms", "key/*"), sid="KeyOfState", condition=_alias(f"{PROJECT}-{STATE}-key")),
    ]


def platform(names: Names, regions: Sequence[str]) -> list[Statement]:
    """Everything that a region stack declares, in some regions, and the roles that it creates, within the boundary."""
    roles = [names.iam(f"role/{PROJECT}-*"), names.iam(f"instance-profile/{PROJECT}-*")]
    there = {"StringEquals": {"aws:RequestedRegion": list(regions)}}
    bounded = {"StringEquals": {"iam:PermissionsBoundary": names.boundary}}
    return [
        allow(SERVICES, "*", sid="Services", condition=there),
        allow(MAKES_ROLES, roles, sid="RolesWithinTheBoundary", condition=bounded),
        allow(["iam:PutRolePermissionsBoundary"], roles, sid="PutsTheBoundaryOn", condition=bounded),
        allow(KEEPS_ROLES, roles, sid="RolesOfThePlatform"),
        allow("iam:CreateServiceLinkedRole", names.iam("role/aws-service-role/*"), sid="RolesOfServices"),
    ]


def looks() -> list[Statement]:
    """The platform's status; these actions cannot be limited to a resource."""
    return [allow(LOOKS, "*", sid="Looks")]


def checks() -> list[Statement]:
    """The morning checklist of every region, and its report."""
    report = {"StringEquals": {"cloudwatch:namespace": REPORTS}}
    return [allow(CHECKS, "*", sid="Checks"), allow("cloudwatch:PutMetricData", "*", sid="Report", condition=report)]


def sessions(names: Names, *documents: str) -> list[Statement]:
    """Sessions on the platform's instances, with these documents, and the end of the user's own sessions.

    A session without a document uses the region's preferences, unless the permission check is enforced (Systems
    Manager User Guide, "Enforce a session document permission check").
    """
    tagged = {"ssm:resourceTag/Project": PROJECT}
    checked = {"StringEquals": tagged, "BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
    own = names.any_of("ssm", "session/${aws:userid}-*")
    # AWS's own documents have no account in their ARN.
    allowed = [
        names.any_of("ssm", f"document/{each}") if each == PREFERENCES else f"arn:aws:ssm:*::document/{each}"
        for each in documents
    ]
    with_key = _alias(f"{PROJECT}-{names.environment}-{SESSIONS}")
    return [
        allow("ssm:StartSession", names.any_of("ec2", "instance/*"), sid="SessionsOnInstances", condition=checked),
        allow("ssm:StartSession", allowed, sid="Documents"),
        allow("kms:GenerateDataKey", names.any_of("kms", "key/*"), sid="KeyOfSessions", condition=with_key),
        allow(["ssm:ResumeSession", "ssm:TerminateSession"], own, sid="OwnSessions"),
        allow(["ssm:DescribeInstanceInformation", "ssm:DescribeSessions"], "*", sid="FindsInstances"),
    ]


def ssh(names: Names) -> list[Statement]:
    """The user's own SSH key for a minute, for the operators' user on an instance (EC2 User Guide, "Grant IAM
    permissions for EC2 Instance Connect")."""
    operators = {"StringEquals": {"aws:ResourceTag/Project": PROJECT, "ec2:osuser": OPERATORS}}
    return [
        allow(
            "ec2-instance-connect:SendSSHPublicKey", names.any_of("ec2", "instance/*"), sid="Ssh", condition=operators
        )
    ]


def commands(names: Names) -> list[Statement]:
    """Commands on the platform's instances, and their answers; the quotas of the account."""
    tagged = {"StringEquals": {"ssm:resourceTag/Project": PROJECT}}
    return [
        allow("ssm:SendCommand", names.any_of("ec2", "instance/*"), sid="Commands", condition=tagged),
        allow("ssm:SendCommand", "arn:aws:ssm:*::document/AWS-RunShellScript", sid="CommandsAreScripts"),
        allow(
            ["ssm:GetCommandInvocation", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"],
            "*",
            sid="AnswersAndQuotas",
        ),
    ]


def findings(names: Names) -> list[Statement]:
    """The findings of Security Hub, and to say of one that it was seen, which ends its mails, but not to suppress it
    (Security Hub User Guide, "Configuring access to BatchUpdateFindings")."""
    hub = names.any_of("securityhub", "hub/default")
    return [
        allow("securityhub:GetFindings", hub, sid="Findings"),
        allow("securityhub:BatchUpdateFindings", hub, sid="FindingsWereSeen", condition=_workflow("NOTIFIED")),
    ]


def releases(names: Names) -> list[Statement]:
    """To upload a release to the releases bucket, which keeps replaced objects."""
    bucket = f"arn:aws:s3:::{PROJECT}-*-releases-{names.account_id}"
    return [
        allow(["s3:GetObject", "s3:ListBucket", "s3:PutObject"], [bucket, f"{bucket}/releases/*"], sid="Releases"),
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            names.any_of("kms", "key/*"),
            sid="KeyOfReleases",
            condition=_alias(f"{PROJECT}-*-storage"),
        ),
    ]


def databases(names: Names) -> list[Statement]:
    """To view, copy, restore and tune databases, but not to delete them or their backups."""
    acts = [
        "rds:AddTagsToResource",
        "rds:CopyDBSnapshot",
        "rds:CreateDBSnapshot",
        "rds:DownloadDBLogFilePortion",
        "rds:ListTagsForResource",
        "rds:ModifyDBInstance",
        "rds:ModifyDBParameterGroup",
        "rds:RebootDBInstance",
        "rds:RestoreDBInstanceFromDBSnapshot",
        "rds:RestoreDBInstanceToPointInTime",
    ]
    # Their own account, neither the administrator's nor the application's.
    secret = names.any_of("secretsmanager", f"secret:{PROJECT}-*-database-dbadmin-*")
    return [
        allow(acts, names.any_of("rds", f"*:{PROJECT}-*"), sid="Databases"),
        allow(["pi:DescribeDimensionKeys", "pi:GetResourceMetrics"], names.any_of("pi", "metrics/rds/*"), sid="Loads"),
        allow(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], secret, sid="Password"),
        allow(
            "kms:Decrypt", names.any_of("kms", "key/*"), sid="KeyOfPassword", condition=_alias(f"{PROJECT}-*-secrets")
        ),
    ]


def boundary(names: Names) -> list[Statement]:
    """The maximum permissions of a role with this boundary, whatever its own permissions are.

    It grants nothing. It protects the audit trail, the account's roles and itself from whoever changes the platform.
    """
    record = f"{PROJECT}-{names.environment}"
    own_roles = [f"role/{PROJECT}-ci-*", f"role/{record}-*", f"role/{PROJECT}-{STATE}-*", f"policy/{record}-*"]
    without_it = {"StringNotEquals": {"iam:PermissionsBoundary": names.boundary}}
    return [
        allow("*", "*", sid="WhatTheRoleMay"),
        deny(RECORD, "*", sid="TheRecord"),
        deny(["securityhub:BatchUpdateFindings"], "*", sid="TheFindings", condition=_workflow("SUPPRESSED")),
        deny(
            ["s3:Delete*", "s3:Put*", "s3:BypassGovernanceRetention"],
            [f"arn:aws:s3:::{record}-*", f"arn:aws:s3:::{record}-*/*"],
            sid="TheBucketsOfTheRecord",
        ),
        deny(KEY_ENDS, names.any_of("kms", "key/*"), sid="TheKeyOfTheRecord", condition=_alias(f"{record}-*")),
        deny(
            ["logs:Delete*", "logs:PutRetentionPolicy"], names.any_of("logs", f"*:{record}-*"), sid="TheLogOfTheRecord"
        ),
        deny(ALARMS_END, names.any_of("cloudwatch", f"alarm:{record}-*"), sid="TheAlarmsOfTheRecord"),
        deny(
            MAILS_END,
            [names.any_of("events", f"rule/{record}-*"), names.any_of("sns", f"{record}-*")],
            sid="TheMailsOfTheRecord",
        ),
        deny(["iam:*"], [names.iam(each) for each in (*own_roles, "oidc-provider/*")], sid="TheRolesOfTheAccount"),
        deny(["iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"], "*", sid="NoUsers"),
        deny(["iam:DeleteRolePermissionsBoundary"], "*", sid="TheBoundary"),
        deny(["iam:PutRolePermissionsBoundary"], "*", sid="NoOtherBoundary", condition=without_it),
        deny(STATE_ENDS, f"arn:aws:s3:::{PROJECT}-{STATE}-*", sid="TheState"),
        deny(KEY_ENDS, names.any_of("kms", "key/*"), sid="TheKeyOfState", condition=_alias(f"{PROJECT}-{STATE}-key")),
        deny(["account:*", "organizations:*"], "*", sid="TheAccountItself"),
    ]


RECORD = [
    "access-analyzer:DeleteAnalyzer", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder", "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableSnapshotBlockPublicAccess", "guardduty:ArchiveFindings", "guardduty:Create*", "guardduty:Delete*",
    "guardduty:Update*", "s3:PutAccountPublicAccessBlock", "securityhub:BatchDisableStandards",
    "securityhub:BatchUpdateAutomationRules", "securityhub:BatchUpdateStandardsControlAssociations",
    "securityhub:CreateAutomationRule", "securityhub:Disable*", "securityhub:Update*",
]  # fmt: skip
KEY_ENDS = [
    "kms:CreateGrant", "kms:DeleteAlias", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
    "kms:UpdateAlias",
]  # fmt: skip
ALARMS_END = ["cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:PutMetricAlarm"]
MAILS_END = [
    "events:DeleteRule", "events:DisableRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets",
    "sns:AddPermission", "sns:DeleteTopic", "sns:PutDataProtectionPolicy", "sns:RemovePermission",
    "sns:SetSubscriptionAttributes", "sns:SetTopicAttributes", "sns:Unsubscribe",
]  # fmt: skip
STATE_ENDS = [
    "s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion",
    "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
]  # fmt: skip


def _workflow(status: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": status}}


def _alias(name: str) -> dict[str, dict[str, str]]:
    return {"ForAnyValue:StringLike": {"kms:ResourceAliases": f"alias/{name}"}}
