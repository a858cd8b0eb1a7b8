"""The archive of the log groups: Amazon Data Firehose writes them as large files to the logs bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.monitoring.log_queries import LogGroups
from components.security.iam import Statement, allow, trust
from components.security.keys import Keys
from components.security.service_role import ServiceRole, service_role
from components.site import Site
from components.storage.bucket import Bucket
from naming import DataClass
from settings import LogArchiveSettings

STREAM_NAME_LIMIT = 64
"""Firehose API, CreateDeliveryStream."""
LOG_NAME_LIMIT = 512
"""The limit for log groups and subscription filters (CloudWatch Logs API)."""
PREFIX = "log-groups/"
"""Firehose appends the hour: log-groups/2026/01/31/23/ (Firehose Developer Guide, "Custom prefixes for S3")."""
EVERY_EVENT = ""
"""CloudWatch Logs User Guide, "Filter pattern syntax"."""


@dataclass(frozen=True, kw_only=True)
class LogArchiveArgs:
    """The log groups, by their source, and the bucket of their archive. The logs' key encrypts it."""

    site: Site
    keys: Keys
    bucket: Bucket
    log_groups: LogGroups
    settings: LogArchiveSettings


class LogArchive(Component):
    """A delivery stream to the bucket, and a subscription of every log group to it.

    CloudWatch Logs compresses each batch with gzip, so Firehose does not: the concatenated batches are a valid gzip
    file (RFC 1952, 2.2).
    """

    stream: aws.kinesis.FirehoseDeliveryStream

    def __init__(self, name: str, args: LogArchiveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:LogArchive", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        self._errors = aws.cloudwatch.LogGroup(
            f"{name}-errors",
            name=args.site.naming.physical(f"{name}-errors", LOG_NAME_LIMIT),
            retention_in_days=args.settings.log_retention_days,
            kms_key_id=args.keys["logs"].arn,
            opts=self.child(),
        )
        self.stream = self._stream()
        self._subscribe()
        self.register_outputs({"stream": self.stream.name})

    def _stream(self) -> aws.kinesis.FirehoseDeliveryStream:
        args, key = self._args, self._args.keys["logs"]
        log = aws.cloudwatch.LogStream(
            f"{self._name}-delivery", name="delivery", log_group_name=self._errors.name, opts=self.child()
        )
        role, rights = self._writer()
        return aws.kinesis.FirehoseDeliveryStream(
            f"{self._name}-stream",
            name=args.site.naming.physical(self._name, STREAM_NAME_LIMIT),
            destination="extended_s3",
            extended_s3_configuration=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs(
                role_arn=role.arn,
                bucket_arn=args.bucket.arn,
                prefix=PREFIX,
                file_extension=".gz",
                buffering_size=args.settings.buffer_mib,
                buffering_interval=args.settings.buffer_seconds,
                compression_format="UNCOMPRESSED",
                kms_key_arn=key.arn,
                cloudwatch_logging_options=(
                    aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationCloudwatchLoggingOptionsArgs(
                        enabled=True, log_group_name=self._errors.name, log_stream_name=log.name
                    )
                ),
            ),
            server_side_encryption=aws.kinesis.FirehoseDeliveryStreamServerSideEncryptionArgs(
                enabled=True, key_type="CUSTOMER_MANAGED_CMK", key_arn=key.arn
            ),
            opts=self.child(depends_on=[rights]),
        )

    def _writer(self) -> ServiceRole:
        """The role with which Firehose writes to the bucket, only below the archive's prefix."""
        account = self._args.site.naming.account_id
        return self._role(
            "writer",
            "Writes the archive of the log groups.",
            # Firehose sends this external ID (Firehose Developer Guide, "Allow Firehose to assume an IAM role").
            trust("firehose.amazonaws.com", {"StringEquals": {"sts:ExternalId": account}}),
            self._writes(),
        )

    def _writes(self) -> list[Statement]:
        """As in the Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination"."""
        args = self._args
        objects = args.bucket.arn.apply(lambda arn: f"{arn}/{PREFIX}*")
        through_s3 = {
            "StringEquals": {"kms:ViaService": f"s3.{args.site.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": objects},
        }
        log = self._errors.arn.apply(lambda arn: f"{arn}:log-stream:*")
        look = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        return [
            allow(look, args.bucket.arn, sid="Bucket"),
            allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], objects, sid="Archive"),
            allow(["kms:Decrypt", "kms:GenerateDataKey"], args.keys["logs"].arn, sid="Key", condition=through_s3),
            allow("logs:PutLogEvents", log, sid="Errors"),
        ]

    def _subscribe(self) -> None:
        site = self._args.site
        account = site.naming.account_id
        groups = {"StringLike": {"aws:SourceArn": f"arn:aws:logs:{site.region}:{account}:*"}}
        role, rights = self._role(
            "sender",
            "Sends what is written to log groups to their archive.",
            trust("logs.amazonaws.com", groups),
            [allow(["firehose:PutRecord", "firehose:PutRecordBatch"], self.stream.arn)],
        )
        for source, group in self._args.log_groups.items():
            aws.cloudwatch.LogSubscriptionFilter(
                f"{self._name}-{source}",
                name=site.naming.physical(self._name, LOG_NAME_LIMIT),
                log_group=group.name,
                filter_pattern=EVERY_EVENT,
                destination_arn=self.stream.arn,
                role_arn=role.arn,
                # With the subscription, CloudWatch Logs sends a test message.
                opts=self.child(depends_on=[rights]),
            )

    def _role(self, part: str, description: str, trusts: pulumi.Output[str], may: Sequence[Statement]) -> ServiceRole:
        return service_role(
            self,
            f"{self._name}-{part}",
            self._args.site,
            description=description,
            trusts=trusts,
            may=may,
            policy_name="archive-logs",
            suffix="",
        )
