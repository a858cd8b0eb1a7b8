"""The saved queries of CloudWatch Logs Insights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site

NAME_LIMIT = 255
LogGroups = Mapping[str, aws.cloudwatch.LogGroup]
"""The log groups of the region by their source: a host role, waf, network, database-error and so on."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query over `groups`, in the language of Logs Insights."""

    role: str
    why: str
    groups: tuple[str, ...]
    text: tuple[str, ...]


HOSTS = ("web", "workers", "monitoring")
QUERIES = (
    Query(
        role="errors",
        why="Errors of the application, its programs and the kernel, newest first.",
        groups=HOSTS,
        text=(
            "fields @timestamp, @logStream, @message",
            "filter @message like /ERROR|CRITICAL|ALERT|EMERGENCY/",
            "sort @timestamp desc",
            "limit 100",
        ),
    ),
    Query(
        role="errors-an-hour",
        why="The number of errors per host and hour: the count in the manual's daily check.",
        groups=HOSTS,
        text=(
            "filter @message like /ERROR|CRITICAL|ALERT|EMERGENCY/",
            "stats count(*) as errors by bin(1h), @logStream",
        ),
    ),
    Query(
        role="logins",
        why="Refused and accepted SSH logins, and addresses that Fail2ban has banned.",
        groups=HOSTS,
        text=(
            "fields @timestamp, @logStream, @message",
            "filter @message like /Failed password|Accepted publickey|Invalid user|fail2ban.*Ban/",
            "sort @timestamp desc",
            "limit 100",
        ),
    ),
    Query(
        role="slow-scripts",
        why="Scripts for which PHP-FPM wrote a stack trace to its slow log.",
        groups=("web",),
        text=(
            "filter @logStream like /php-slow/ and @message like /script_filename/",
            "stats count(*) as times by @message",
            "sort times desc",
        ),
    ),
    Query(
        role="slow-statements",
        why="Statements that took longer than long_query_time.",
        groups=("database-slowquery",),
        text=(
            'parse @message "Query_time: * Lock_time: *" as seconds, rest',
            "fields @timestamp, seconds, @message",
            "sort seconds desc",
            "limit 50",
        ),
    ),
    Query(
        role="blocked-requests",
        why="Requests that the web application firewall blocked, by rule and country.",
        groups=("waf",),
        text=(
            'filter action = "BLOCK"',
            "stats count(*) as requests by terminatingRuleId, httpRequest.country",
            "sort requests desc",
        ),
    ),
    Query(
        role="refused-connections",
        why="Connections that a security group or network ACL refused, by source and port.",
        groups=("network",),
        text=(
            'filter action = "REJECT"',
            "stats count(*) as connections by srcAddr, dstAddr, dstPort",
            "sort connections desc",
            "limit 50",
        ),
    ),
)
"""Operations manual, "Log Review" and "Security Checklist"; DevOps manual, "Log Management"."""


@dataclass(frozen=True, kw_only=True)
class LogQueriesArgs:
    """The existing log groups; a query uses those of its groups that exist."""

    site: Site
    log_groups: LogGroups


class LogQueries(Component):
    """A query definition for each query that has a log group."""

    def __init__(self, name: str, args: LogQueriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:LogQueries", name, args.site, opts=opts)
        for query in QUERIES:
            groups = [args.log_groups[group].name for group in query.groups if group in args.log_groups]
            if groups:
                aws.cloudwatch.QueryDefinition(
                    f"{name}-{query.role}",
                    # A slash creates folders in the console.
                    name=f"{args.site.naming.physical(name, NAME_LIMIT - len(query.role) - 1)}/{query.role}",
                    log_group_names=groups,
                    query_string="\n| ".join(query.text),
                    opts=self.child(),
                )
        self.register_outputs({})
