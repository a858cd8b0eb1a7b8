"""Replicates new objects by a bucket's declared replication: moto only stores the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.application.observer import Observer

RULES_FRESH_SECONDS = 10.0
REGION_FRESH_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """An enabled rule of a bucket; `key` encrypts the copies, None for the destination's default.

    With `deletions` it copies delete markers too.
    """

    source: str
    target: str
    prefix: str
    key: str | None
    deletions: bool


def _content(version: Mapping[str, Any]) -> tuple[str, str]:
    """The properties that are equal on both sides; a delete marker has no content."""
    return version["Key"], version.get("ETag", "")


class Objects:
    """Copies each version once, as S3 does: what is deleted on one side does not come back from the other."""

    def __init__(self, aws: Observer) -> None:
        self.aws = aws
        self._done: set[tuple[str, str, str]] = set()

    def copy(self, lost: set[str], lag_seconds: float) -> int:
        """Copy every new version that is older than the lag, between regions that are up. Returns their number.

        A version with an equal one at the destination is not new: it came from there, or before this process.
        """
        copied = 0
        buckets = self._ask("list_buckets", RULES_FRESH_SECONDS).get("Buckets", [])
        for way in [way for bucket in buckets for way in self._ways(bucket["Name"])]:
            if not {self._region(way.source), self._region(way.target)} & lost:
                copied += self._copy(way, lag_seconds)
        return copied

    def _ways(self, bucket: str) -> list[Way]:
        """None if a bucket has no replication, or no longer exists."""
        try:
            answer = self._ask("get_bucket_replication", RULES_FRESH_SECONDS, Bucket=bucket)
        except ClientError:
            return []
        rules = answer["ReplicationConfiguration"]["Rules"]
        return [
            Way(
                source=bucket,
                target=rule["Destination"]["Bucket"].rpartition(":")[2],
                prefix=rule.get("Filter", {}).get("Prefix") or rule.get("Prefix") or "",
                deletions=rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled",
                key=rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID"),
            )
            for rule in rules
            if rule["Status"] == "Enabled"
        ]

    def _copy(self, way: Way, lag_seconds: float) -> int:
        new = [
            version
            for version in self._versions(way.source, deletions=way.deletions)
            if version["Key"].startswith(way.prefix)
            and (way.source, way.target, version["VersionId"]) not in self._done
        ]
        if not new:
            return 0
        there = {_content(version) for version in self._versions(way.target, deletions=True)}
        now, copied = datetime.now(UTC), 0
        # S3 lists the newest first, to the second: in this order, of two from the same second the older would arrive
        # last.
        new.reverse()
        for version in sorted(new, key=lambda version: version["LastModified"]):
            if _content(version) not in there:
                if (now - version["LastModified"]).total_seconds() < lag_seconds:
                    continue
                self._send(way, version)
                copied += 1
            self._done.add((way.source, way.target, version["VersionId"]))
        return copied

    def _send(self, way: Way, version: Mapping[str, Any]) -> None:
        """Copy one version or delete marker; its copy does not come back."""
        region, where = self._region(way.target), {"Bucket": way.target, "Key": version["Key"]}
        if "ETag" in version:
            source = {"Bucket": way.source, "Key": version["Key"], "VersionId": version["VersionId"]}
            encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": way.key} if way.key else {}
            arrived = self.aws.tell(region, "s3", "copy_object", **where, CopySource=source, **encrypted)
        else:
            arrived = self.aws.tell(region, "s3", "delete_object", **where)
        self._done.add((way.target, way.source, arrived.get("VersionId", "null")))

    def _versions(self, bucket: str, *, deletions: bool) -> list[Mapping[str, Any]]:
        listed = self._ask("list_object_versions", 0, Bucket=bucket)
        return [*listed.get("Versions", []), *(listed.get("DeleteMarkers", []) if deletions else [])]

    def _region(self, bucket: str) -> str:
        return self._ask("get_bucket_location", REGION_FRESH_SECONDS, Bucket=bucket)["LocationConstraint"] or ""

    def _ask(self, operation: str, fresh: float, **arguments: str) -> Any:
        """A call about all buckets goes to any region."""
        return self.aws.ask(self.aws.regions[0], "s3", operation, fresh=fresh, **arguments)
