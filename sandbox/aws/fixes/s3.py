"""S3: what a bucket's policy and lock let through, and what its logging and replication need and remember."""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.utilities.utils import CaseInsensitiveDict

from sandbox.aws.fixes.fix import replaces

LOGGING_SERVICE = "logging.s3.amazonaws.com"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@replaces(FakeBucket, "_log_permissions_enabled_policy")
def log_delivery_reads_policies_as_aws(stock: Any, target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    """moto fails on a statement whose principal is "*", and knows neither lists nor patterns in the one for logging."""
    if not target_bucket.policy:
        return False
    first_log = f"{target_bucket.arn}/{target_prefix or ''}log"
    return any(
        statement["Effect"] == "Allow"
        and isinstance(statement["Principal"], dict)
        and LOGGING_SERVICE in _listed(statement["Principal"].get("Service"))
        and any(fnmatchcase("s3:PutObject", action) for action in _listed(statement["Action"]))
        and any(fnmatchcase(first_log, resource) for resource in _listed(statement["Resource"]))
        for statement in json.loads(target_bucket.policy)["Statement"]
    )


@replaces(FakeBucket, "get_permission")
def statement_applies_on_its_condition(stock: Any, self: FakeBucket, action: str, resource: str) -> Any:
    """In moto a statement denies when its condition is not met: a bucket that wants TLS takes nothing from anyone.

    Calls on this machine count as made with TLS, and by no service, so that no condition of ours is met.
    """
    if not self.policy:
        return stock(self, action, resource)
    document = json.loads(self.policy)
    unconditional = [statement for statement in _listed(document["Statement"]) if not statement.get("Condition")]
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


@replaces(S3Response, "_key_response_put")
def copies_need_no_checksum(stock: Any, self: S3Response, query: dict[str, Any], key_name: str) -> Any:
    """S3 wants a checksum of what is uploaded into a bucket that locks (S3 API, PutObject); moto wants one of copies.

    The engine keeps the history of a state by copies.
    """
    if "x-amz-copy-source" in self.headers:
        # The headers of a request cannot be changed.
        self.headers = CaseInsensitiveDict({**self.headers, "Content-Md5": "a copy uploads nothing"})
    return stock(self, query, key_name)
