"""The account's audit trail: a multi-region trail, its bucket, which nobody can empty, and its log group."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, allow, document, trust
from components.security.keys import account_decides, alias_of, log_group_encrypts, one_role_ends_it
from components.security.publishers import ALARMS, WITH_KEY
from components.security.service_role import ServiceRole, service_role
from components.site import Site
from components.storage.bucket import Bucket, BucketArgs, Retention
from components.storage.storage import access_log_writers
from naming import DataClass
from settings import AccountSettings

CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
NAME_LIMIT = 128
"""CloudTrail API, CreateTrail; log groups allow more."""
LOGS, TRAIL = "logs", "trail"


@dataclass(frozen=True, kw_only=True)
class RecordArgs:
    """`site` is where the trail is stored; events of all regions are delivered there."""

    site: Site
    settings: AccountSettings


class Record(Component):
    """The trail, the key of its records, and two buckets.

    `logs` receives AWS's other records: the access logs of the trail's bucket, and the history of AWS Config. Only
    `trail` has Object Lock: a bucket with a default retention receives neither AWS Config's history (AWS Config
    Developer Guide, "Managing the Delivery Channel") nor S3's access logs (S3 User Guide, "Enabling S3 server access
    logging").
    """

    key: aws.kms.Key
    logs: Bucket
    bucket: Bucket
    log_group: aws.cloudwatch.LogGroup
    trail: aws.cloudtrail.Trail

    def __init__(self, name: str, args: RecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Record", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        naming = args.site.naming
        generation = args.settings.audit.generation
        self._trail_role = TRAIL if generation == 1 else f"{TRAIL}-{generation}"
        self._trail_name = naming.physical(name, NAME_LIMIT)
        self._trail_arn = f"arn:aws:cloudtrail:{args.site.region}:{naming.account_id}:trail/{self._trail_name}"
        self.key = self._key()
        writers = access_log_writers(naming, LOGS, [self._trail_role])
        self.logs = self._bucket(LOGS, LOGS, access_log=None, statements=writers)
        self.bucket = self._bucket(TRAIL, self._trail_role, access_log=self.logs, statements=self._writes_to_bucket())
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=self._trail_name,
            retention_in_days=args.settings.audit.log_retention_days,
            kms_key_id=self.key.arn,
            opts=self.child(protect=args.site.protected),
        )
        self.trail = self._trail()
        self.register_outputs({"trail_arn": self.trail.arn})

    def _key(self) -> aws.kms.Key:
        """It outlives the stack, because what it encrypts does."""
        site, settings = self._args.site, self._args.settings.keys
        kept = one_role_ends_it(site, settings)
        key = aws.kms.Key(
            f"{self._name}-key",
            description="What was done in the account, and who is told of it.",
            enable_key_rotation=True,
            deletion_window_in_days=settings.deletion_window_days,
            policy=document([*self._users_of_key(), *kept]),
            # Whoever creates the key cannot change its policy, and must tell KMS that this is intended.
            bypass_policy_lockout_safety_check=bool(kept) or None,
            opts=self.child(protect=site.protected, outlives=True),
        )
        aws.kms.Alias(
            f"{self._name}-key-alias",
            name=alias_of(site.naming, self._name),
            target_key_id=key.key_id,
            opts=self.child(),
        )
        return key

    def _users_of_key(self) -> list[Statement]:
        """IAM decides for the account; then the services that write (CloudTrail User Guide, "Configure AWS KMS key
        policies for CloudTrail")."""
        site, account = self._args.site, self._args.site.naming.account_id
        of_the_trail = {
            "StringEquals": {"aws:SourceArn": self._trail_arn},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{account}:trail/*"},
        }
        return [
            account_decides(site),
            allow(["kms:GenerateDataKey*"], "*", sid="TrailEncrypts", principal=CLOUDTRAIL, condition=of_the_trail),
            allow(
                ["kms:DescribeKey"],
                "*",
                sid="TrailFindsKey",
                principal=CLOUDTRAIL,
                condition={"StringEquals": {"aws:SourceArn": self._trail_arn}},
            ),
            log_group_encrypts(site, self._trail_name),
            ALARMS.may(WITH_KEY, "*", account),
        ]

    def _bucket(self, name: str, role: str, *, access_log: Bucket | None, statements: list[Statement]) -> Bucket:
        """The trail's bucket is locked, and so outlives the stack. The logs bucket has S3's own key, the only one with
        which S3 writes access logs."""
        settings = self._args.settings
        locked = name == TRAIL
        return Bucket(
            f"{self._name}-{name}",
            BucketArgs(
                site=self._args.site,
                role=role,
                data_class=DataClass.CONFIDENTIAL,
                key=self.key if locked else None,
                retention=Retention(
                    noncurrent_days=settings.storage.noncurrent_version_retention_days,
                    archived_after_days=settings.storage.logs_glacier_after_days,
                    expired_after_days=settings.storage.logs_retention_days,
                ),
                access_log=access_log,
                statements=statements,
                lock_days=settings.audit.lock_days if locked else None,
            ),
            self.child(),
        )

    def _writes_to_bucket(self) -> list[Statement]:
        """As CloudTrail documents it (CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail")."""
        naming = self._args.site.naming
        bucket = f"arn:aws:s3:::{naming.bucket(self._trail_role)}"
        of_the_trail = {"aws:SourceArn": self._trail_arn}
        return [
            allow(
                "s3:GetBucketAcl",
                bucket,
                sid="TrailLooks",
                principal=CLOUDTRAIL,
                condition={"StringEquals": of_the_trail},
            ),
            allow(
                "s3:PutObject",
                f"{bucket}/AWSLogs/{naming.account_id}/*",
                sid="TrailWrites",
                principal=CLOUDTRAIL,
                condition={"StringEquals": {**of_the_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
        ]

    def _trail(self) -> aws.cloudtrail.Trail:
        """Management events, including KMS's, and reads and writes of objects in S3."""
        naming = self._args.site.naming
        writer, rights = self._writer_of_group()
        return aws.cloudtrail.Trail(
            f"{self._name}-trail",
            name=self._trail_name,
            s3_bucket_name=self.bucket.name,
            kms_key_id=self.key.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            cloud_watch_logs_group_arn=self.log_group.arn.apply(lambda arn: f"{arn}:*"),
            cloud_watch_logs_role_arn=writer.arn,
            advanced_event_selectors=[
                _selector("Management events", {"eventCategory": ["Management"]}),
                _selector(
                    "Objects in S3, but for those that AWS itself writes of this",
                    {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]},
                    but_arns_below=[f"arn:aws:s3:::{naming.bucket(role)}/" for role in (LOGS, self._trail_role)],
                ),
            ],
            # CloudTrail tries to write when it is created.
            opts=self.child(protect=self._args.site.protected, depends_on=[self.bucket.policy, rights]),
        )

    def _writer_of_group(self) -> ServiceRole:
        account = self._args.site.naming.account_id
        streams = self.log_group.arn.apply(lambda arn: f"{arn}:log-stream:*")
        return service_role(
            self,
            self._name,
            self._args.site,
            description="Writes the trail's events into its log group.",
            trusts=trust(
                CLOUDTRAIL["Service"],
                {"StringEquals": {"aws:SourceArn": self._trail_arn, "aws:SourceAccount": account}},
            ),
            may=[allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams)],
            policy_name="write-trail",
        )


def _selector(
    name: str, equals: dict[str, list[str]], but_arns_below: list[str] | None = None
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    selected = [
        aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(field=field, equals=values)
        for field, values in equals.items()
    ]
    left_out = [
        aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
            field="resources.ARN", not_starts_withs=but_arns_below
        )
    ]
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(
        name=name, field_selectors=[*selected, *(left_out if but_arns_below else [])]
    )
