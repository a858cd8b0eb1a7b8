"""CloudWatch Logs: the saved queries of Logs Insights, and who may send to a subscription's destination."""

import json
import uuid
from typing import Any

from moto.core.utils import unix_time_millis
from moto.iam.models import iam_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.aws.fixes.fix import replaces


def _queries(response: LogsResponse) -> dict[str, dict[str, Any]]:
    """The queries of the request's account and region, by their identifier."""
    kept: dict[str, dict[str, Any]] = vars(response.logs_backend).setdefault("query_definitions", {})
    return kept


@replaces(LogsResponse, "put_query_definition")
def query_is_saved(stock: Any, self: LogsResponse) -> str:
    """moto saves no queries. Without an identifier it is a new one, whatever its name."""
    kept, asked = _queries(self), json.loads(self.body)
    query = asked.get("queryDefinitionId") or str(uuid.uuid4())
    if "queryDefinitionId" in asked and query not in kept:
        raise ResourceNotFoundException("Query definition not found")
    known = {key: asked[key] for key in ("name", "queryString", "logGroupNames") if key in asked}
    kept[query] = {**known, "queryDefinitionId": query, "lastModified": int(unix_time_millis())}
    return json.dumps({"queryDefinitionId": query})


@replaces(LogsResponse, "describe_query_definitions")
def saved_queries_read_back(stock: Any, self: LogsResponse) -> str:
    """moto saves no queries."""
    start = json.loads(self.body).get("queryDefinitionNamePrefix", "")
    found = [query for query in _queries(self).values() if query["name"].startswith(start)]
    return json.dumps({"queryDefinitions": found})


@replaces(LogsResponse, "delete_query_definition")
def saved_query_is_deleted(stock: Any, self: LogsResponse) -> str:
    """moto saves no queries."""
    if _queries(self).pop(json.loads(self.body)["queryDefinitionId"], None) is None:
        raise ResourceNotFoundException("Query definition not found")
    return json.dumps({"success": True})


@replaces(LogsBackend, "put_subscription_filter")
def subscription_is_tried(stock: Any, self: LogsBackend, *given: str, **named: str) -> None:
    """moto asks for no role. AWS sends a test message with it to the stream, at once (CloudWatch Logs User Guide,
    "Subscription filters with Amazon Data Firehose"), so the role is there, is for the service, and has its rights."""
    asked = {**dict(zip(("log_group_name", "filter_name", "pattern", "to", "role"), given, strict=False)), **named}
    role = asked.get("role") or asked.get("role_arn") or ""
    to = asked.get("to") or asked.get("destination_arn") or ""
    if ":firehose:" in to and not _may_put(self, role, to):
        raise InvalidParameterException(
            "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in "
            "ACTIVE state."
        )
    stock(self, *given, **named)


def _may_put(backend: LogsBackend, role: str, stream: str) -> bool:
    """Whether CloudWatch Logs may take the role, and an inline policy lets it put records into the stream."""
    roles = iam_backends[backend.account_id][backend.partition].roles.values()
    for found in (each for each in roles if each.arn == role):
        trusts = "logs.amazonaws.com" in found.assume_role_policy_document
        return trusts and any(stream in text and "firehose:PutRecord" in text for text in found.policies.values())
    return False
