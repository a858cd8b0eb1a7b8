"""S3: what a bucket's policy and lock allow, and the prerequisites and settings of logging and replication."""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy
from moto.s3.exceptions import AccessDeniedByLock
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response
from moto.utilities.utils import CaseInsensitiveDict

from sandbox.aws.fixes.fix import replaces
from sandbox.aws.policy_document import listed

LOGGING_SERVICE = "logging.s3.amazonaws.com"
SMALLEST_MOVED = "x-amz-transition-default-minimum-object-size"
"""S3 API, PutBucketLifecycleConfiguration."""


@replaces(FakeBucket, "_log_permissions_enabled_policy")
def log_delivery_reads_policies_as_aws(stock: Any, target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    """moto fails on a statement whose principal is "*", and knows neither lists nor patterns in the one for logging."""
    if not target_bucket.policy:
        return False
    first_log = f"{target_bucket.arn}/{target_prefix or ''}log"
    return any(
        statement["Effect"] == "Allow"
        and isinstance(statement["Principal"], dict)
        and LOGGING_SERVICE in listed(statement["Principal"].get("Service"))
        and any(fnmatchcase("s3:PutObject", action) for action in listed(statement["Action"]))
        and any(fnmatchcase(first_log, resource) for resource in listed(statement["Resource"]))
        for statement in json.loads(target_bucket.policy)["Statement"]
    )


@replaces(FakeBucket, "get_permission")
def statement_applies_on_its_condition(stock: Any, self: FakeBucket, action: str, resource: str) -> Any:
    """In moto a statement denies if its condition is not met: a bucket that requires TLS refuses everything.

    Calls on this machine count as made with TLS, and by no service, so none of our conditions is met.
    """
    if not self.policy:
        return stock(self, action, resource)
    document = json.loads(self.policy)
    unconditional = [statement for statement in listed(document["Statement"]) if not statement.get("Condition")]
    return IAMPolicy(json.dumps({**document, "Statement": unconditional})).is_action_permitted(action, resource)


@replaces(S3Response, "get_bucket_replication")
def replication_rules_read_back(stock: Any, self: S3Response) -> Any:
    """moto returns a fixed filter and no delete markers, and drops what says that encrypted objects are copied."""
    replication = self.backend.get_bucket_replication(self.bucket_name)
    if not replication:
        return stock(self)
    self.data["Action"] = "GetBucketReplication"
    rules = [{**rule, "Filter": rule.get("Filter") or {"Prefix": ""}} for rule in replication["Rule"]]
    return self.serialized(
        ActionResult({"ReplicationConfiguration": {"Role": replication["Role"], "Rules": rules}}),
    )


@replaces(S3Response, "_bucket_response_put")
def smallest_moved_object_is_remembered(stock: Any, self: S3Response, *asked: Any) -> Any:
    """moto forgets the minimum object size of a lifecycle transition."""
    answer = stock(self, *asked)
    if given := self.headers.get(SMALLEST_MOVED):
        vars(self.backend.get_bucket(self.bucket_name))["smallest_moved"] = given
    return answer


@replaces(S3Response, "get_bucket_lifecycle")
def smallest_moved_object_reads_back(stock: Any, self: S3Response) -> Any:
    """The same as `smallest_moved_object_is_remembered`: what is read is S3's default, whatever was put."""
    status, headers, body = stock(self)
    kept = vars(self.backend.get_bucket(self.bucket_name)).get("smallest_moved")
    return status, {**headers, **({SMALLEST_MOVED: kept} if kept else {})}, body


@replaces(S3Response, "_key_response_put")
def copies_need_no_checksum(stock: Any, self: S3Response, query: dict[str, Any], key_name: str) -> Any:
    """S3 requires a checksum of uploads to a bucket with Object Lock (S3 API, PutObject); moto requires one of copies.

    The engine keeps the history of a state by copies.
    """
    if "x-amz-copy-source" in self.headers:
        # The headers of a request cannot be changed.
        self.headers = CaseInsensitiveDict({**self.headers, "Content-Md5": "a copy uploads nothing"})
    return stock(self, query, key_name)


@replaces(S3Backend, "delete_object")
def versions_outlive_versioning(
    stock: Any, self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    """Once versioning is suspended, moto deletes all versions of an object, and fails on its delete markers.

    S3 deletes the version that is named, and else puts a delete marker in the place of the version "null" (S3
    user guide, "Deleting objects from versioning-suspended buckets").
    """
    bucket = self.get_bucket(bucket_name)
    if bucket.versioning_status != "Suspended" or key_name not in bucket.keys:
        return stock(self, bucket_name, key_name, version_id, bypass)
    deleted = version_id or "null"
    kept: list[Any] = []
    for version in bucket.keys.getlist(key_name):
        if version.version_id != deleted:
            kept.append(version)
        elif isinstance(version, FakeKey) and version.is_locked(governance_bypass=bypass):
            raise AccessDeniedByLock
    if version_id is None:
        marker: Any = FakeDeleteMarker(key=bucket.keys[key_name])
        marker._version_id = deleted
        kept.append(marker)
    bucket.keys.setlist(key_name, kept)
    if not kept:
        bucket.keys.pop(key_name)
    return True, {"version-id": deleted, **({"delete-marker": "true"} if version_id is None else {})}
