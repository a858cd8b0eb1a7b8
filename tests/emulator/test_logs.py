"""CloudWatch Logs on the emulated AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients


def saved(logs: Any, start: str) -> list[dict[str, Any]]:
    """The queries whose name begins so, without the time of their last change."""
    found = logs.describe_query_definitions(queryDefinitionNamePrefix=start)["queryDefinitions"]
    return [{key: value for key, value in query.items() if key != "lastModified"} for query in found]


@pytest.mark.fix("logs.py:query_is_saved")
def test_a_query_is_saved_under_an_identifier_of_its_own_and_changed_by_it(aws: Clients, name: str) -> None:
    logs = aws("logs")
    query = logs.put_query_definition(name=name, queryString="fields @message", logGroupNames=["a"])[
        "queryDefinitionId"
    ]
    other = logs.put_query_definition(name=name, queryString="fields @message")["queryDefinitionId"]
    assert query != other
    logs.put_query_definition(name=f"{name}-b", queryString="limit 1", queryDefinitionId=query)
    assert saved(logs, f"{name}-b") == [{"queryDefinitionId": query, "name": f"{name}-b", "queryString": "limit 1"}]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.put_query_definition(name=name, queryString="limit 1", queryDefinitionId="none")


@pytest.mark.fix("logs.py:saved_queries_read_back")
def test_saved_queries_are_found_by_the_beginning_of_their_name(aws: Clients, name: str) -> None:
    logs = aws("logs")
    query = logs.put_query_definition(name=name, queryString="limit 1", logGroupNames=["a", "b"])["queryDefinitionId"]
    (found,) = saved(logs, name[:-1])
    assert found == {
        "queryDefinitionId": query, "name": name, "queryString": "limit 1", "logGroupNames": ["a", "b"],
    }  # fmt: skip
    assert saved(logs, f"{name}-none") == []


@pytest.mark.fix("logs.py:saved_query_is_deleted")
def test_a_deleted_query_is_gone_and_a_second_deletion_is_an_error(aws: Clients, name: str) -> None:
    logs = aws("logs")
    query = logs.put_query_definition(name=name, queryString="limit 1")["queryDefinitionId"]
    assert logs.delete_query_definition(queryDefinitionId=query)["success"]
    assert saved(logs, name) == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId=query)
