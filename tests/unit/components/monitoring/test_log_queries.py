"""The saved queries: over existing log groups, and in the language of Logs Insights."""

import re

import pytest
from fake_cloud import Record
from regions import region
from stack_files import ROOT

from components.monitoring.log_queries import QUERIES, Query

QUERY = "aws:cloudwatch/queryDefinition:QueryDefinition"
COMMANDS = {"fields", "filter", "stats", "sort", "limit", "parse"}
"""CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax"."""


def made(query: Query, stack: str) -> Record:
    return region(stack).one(QUERY, f"logs-{query.role}")


@pytest.mark.parametrize("stack", ["prod", "dr"])
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.role)
def test_a_query_reads_log_groups_that_there_are(query: Query, stack: str) -> None:
    names = {group.inputs["name"] for group in region(stack).of("aws:cloudwatch/logGroup:LogGroup")}
    groups = made(query, stack).inputs["logGroupNames"]
    assert len(groups) == len(query.groups)
    assert set(groups) <= names


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.role)
def test_a_query_is_commands_of_logs_insights(query: Query) -> None:
    lines = made(query, "prod").inputs["queryString"].split("\n| ")
    assert {line.split()[0] for line in lines} <= COMMANDS
    assert query.why
    # An unclosed regular expression would include everything after it.
    assert all(len(re.findall(r"(?<!\\)/", line)) % 2 == 0 for line in lines)


def test_what_the_slow_log_is_filtered_by_is_a_stream_that_the_agent_writes() -> None:
    agent = (ROOT / "hosts/common/etc/askproai/cloudwatch-agent.json").read_text()
    [slow] = [query for query in QUERIES if query.role == "slow-scripts"]
    [stream] = re.findall(r"@logStream like /([\w-]+)/", slow.text[0])
    assert f'{{instance_id}}/{stream}"' in agent
