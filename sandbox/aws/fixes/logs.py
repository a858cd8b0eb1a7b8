"""CloudWatch Logs: the saved queries of Logs Insights."""

import json
import uuid
from typing import Any

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import ResourceNotFoundException
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
