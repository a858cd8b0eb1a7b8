"""Amazon Data Firehose: what it refuses, and the files that it writes."""

import re
from typing import Any

from moto.firehose.exceptions import InvalidArgumentException, ValidationException
from moto.firehose.models import FirehoseBackend
from moto.s3.models import s3_backends

from sandbox.aws.fixes.fix import replaces

NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""Firehose API, CreateDeliveryStream, DeliveryStreamName."""
BUFFERS = {"SizeInMBs": (1, 128), "IntervalInSeconds": (0, 900)}
"""Firehose API, BufferingHints: the least and the most of each."""
EXTENSION = re.compile(r"|\.[0-9a-z!\-_.*'()]+")
"""Firehose API, ExtendedS3DestinationConfiguration, FileExtension."""


def _judge_destination(destination: dict[str, Any]) -> None:
    """Raises InvalidArgumentException for what the destination of a stream cannot be."""
    hints = destination.get("BufferingHints") or {}
    if hints and set(hints) != set(BUFFERS):
        raise InvalidArgumentException("BufferingHints: SizeInMBs and IntervalInSeconds must be given together")
    for field, (least, most) in BUFFERS.items():
        if field in hints and not least <= hints[field] <= most:
            raise ValidationException(
                f"1 validation error detected: Value '{hints[field]}' at 'bufferingHints.{field}' failed to satisfy "
                f"constraint: Member must have a value between {least} and {most}"
            )
    if not EXTENSION.fullmatch(destination.get("FileExtension") or ""):
        raise ValidationException(f"FileExtension '{destination['FileExtension']}' does not begin with a dot")


@replaces(FirehoseBackend, "create_delivery_stream")
def stream_is_judged(stock: Any, self: FirehoseBackend, region: str, delivery_stream_name: str, *rest: Any) -> Any:
    """moto takes any name, and any size and time of a buffer."""
    if not NAME.fullmatch(delivery_stream_name):
        raise ValidationException(
            f"1 validation error detected: Value '{delivery_stream_name}' at 'deliveryStreamName' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {NAME.pattern}"
        )
    for given in rest:
        if isinstance(given, dict) and "BucketARN" in given:
            _judge_destination(given)
    return stock(self, region, delivery_stream_name, *rest)


@replaces(FirehoseBackend, "update_destination")
def changed_destination_is_judged(stock: Any, self: FirehoseBackend, *given: Any) -> Any:
    """As when it is made."""
    for each in given:
        if isinstance(each, dict):
            _judge_destination(each)
    return stock(self, *given)


@replaces(FirehoseBackend, "put_s3_records")
def file_is_named_and_encrypted_as_the_stream_says(
    stock: Any,
    self: FirehoseBackend,
    delivery_stream_name: str,
    version_id: str,
    s3_destination: dict[str, Any],
    records: list[dict[str, bytes]],
) -> Any:
    """moto encrypts no file, and knows no extension of its name (Firehose API, ExtendedS3DestinationConfiguration).

    It writes a file for each call: there is no buffer to wait for.
    """
    encryption = s3_destination.get("EncryptionConfiguration") or {}
    key = (encryption.get("KMSEncryptionConfig") or {}).get("AWSKMSKeyARN")
    path = self._format_s3_object_path(delivery_stream_name, version_id, s3_destination.get("Prefix", ""))
    s3_backends[self.account_id][self.partition].put_object(
        s3_destination["BucketARN"].rpartition(":")[2],
        path + (s3_destination.get("FileExtension") or ""),
        b"".join(record["Data"] for record in records),
        encryption="aws:kms" if key else None,
        kms_key_id=key,
    )
    return [{"RecordId": str(number)} for number in range(len(records))]
