"""AWS Config in a region: records changes, delivers their history, and evaluates rules."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import allow, trust
from components.security.service_role import service_role
from components.site import Site
from components.storage.bucket import Bucket

NAME_LIMIT = 256
PREFIX = "config"
"""The prefix of the history in the logs bucket."""
RULES = {
    "trail-on": ("MULTI_REGION_CLOUD_TRAIL_ENABLED", "CIS 3.1"),
    "trail-validated": ("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "CIS 3.2"),
    "trail-encrypted": ("CLOUD_TRAIL_ENCRYPTION_ENABLED", "CIS 3.5"),
    "root-without-key": ("IAM_ROOT_ACCESS_KEY_CHECK", "CIS 1.4"),
    "root-with-mfa": ("ROOT_ACCOUNT_MFA_ENABLED", "CIS 1.5"),
    "keys-rotated": ("CMK_BACKING_KEY_ROTATION_ENABLED", "CIS 3.6"),
    "buckets-not-readable": ("S3_BUCKET_PUBLIC_READ_PROHIBITED", "FSBP S3.2"),
    "buckets-not-writable": ("S3_BUCKET_PUBLIC_WRITE_PROHIBITED", "FSBP S3.3"),
    "buckets-want-tls": ("S3_BUCKET_SSL_REQUESTS_ONLY", "CIS 2.1.1"),
    "disks-encrypted": ("ENCRYPTED_VOLUMES", "FSBP EC2.3"),
    "default-group-closed": ("VPC_DEFAULT_SECURITY_GROUP_CLOSED", "CIS 5.4"),
    "ssh-closed": ("INCOMING_SSH_DISABLED", "CIS 5.2"),
    "flow-logs-on": ("VPC_FLOW_LOGS_ENABLED", "CIS 3.7"),
    "databases-encrypted": ("RDS_STORAGE_ENCRYPTED", "CIS 2.3.1"),
    "databases-not-public": ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "CIS 2.3.3"),
    "databases-backed-up": ("DB_INSTANCE_BACKUP_ENABLED", "FSBP RDS.11"),
}
"""AWS's managed rules in each region, and the control that each covers (AWS Config Developer Guide, "List of AWS Config
Managed Rules"). They evaluate existing resources, also undeclared ones; the policies check declarations."""


@dataclass(frozen=True, kw_only=True)
class RecorderRoleArgs:
    """`logs` is the bucket of the history."""

    site: Site
    logs: Bucket


class RecorderRole(Component):
    """The role of AWS Config in every region of the account.

    Not its service-linked role: an account that ever used AWS Config has it already, and a second one is refused.
    """

    role: aws.iam.Role
    rights: list[pulumi.Resource]

    def __init__(self, name: str, args: RecorderRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:RecorderRole", name, args.site, opts=opts)
        naming = args.site.naming
        history = args.logs.arn.apply(lambda arn: f"{arn}/{PREFIX}/AWSLogs/{naming.account_id}/*")
        self.role, delivers = service_role(
            self,
            name,
            args.site,
            description="AWS Config reads what there is, and delivers its history.",
            trusts=trust("config.amazonaws.com", {"StringEquals": {"aws:SourceAccount": naming.account_id}}),
            may=[allow(["s3:GetBucketAcl", "s3:ListBucket"], args.logs.arn), allow("s3:PutObject", history)],
            policy_name="deliver-history",
        )
        reads = aws.iam.RolePolicyAttachment(
            f"{name}-reads",
            role=self.role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
            opts=self.child(),
        )
        self.rights = [reads, delivers]
        self.register_outputs({"role": self.role.name})


@dataclass(frozen=True, kw_only=True)
class ChangesArgs:
    """`site` is in the recorded region. Only the region with `records_global` records IAM, which is global."""

    site: Site
    role: RecorderRole
    logs: Bucket
    records_global: bool


class Changes(Component):
    """The recorder of a region, its delivery channel, and the rules."""

    def __init__(self, name: str, args: ChangesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Changes", name, args.site, opts=opts)
        physical = args.site.naming.physical("changes", NAME_LIMIT)
        recorder = aws.cfg.Recorder(
            f"{name}-recorder",
            name=physical,
            role_arn=args.role.role.arn,
            recording_group=aws.cfg.RecorderRecordingGroupArgs(
                all_supported=True, include_global_resource_types=args.records_global
            ),
            opts=self.child(depends_on=args.role.rights),
        )
        channel = aws.cfg.DeliveryChannel(
            f"{name}-delivery",
            name=physical,
            s3_bucket_name=args.logs.name,
            s3_key_prefix=PREFIX,
            opts=self.child(depends_on=[recorder, args.logs.policy]),
        )
        # AWS Config starts a recorder only if it can deliver.
        aws.cfg.RecorderStatus(f"{name}-on", name=recorder.name, is_enabled=True, opts=self.child(depends_on=[channel]))
        for role, (identifier, control) in RULES.items():
            aws.cfg.Rule(
                f"{name}-{role}",
                name=args.site.naming.physical(role, 128),
                description=control,
                source=aws.cfg.RuleSourceArgs(owner="AWS", source_identifier=identifier),
                opts=self.child(depends_on=[recorder]),
            )
        self.register_outputs({"recorder": recorder.name})
