"""IAM policy documents: statements, trust policies, and the denial of requests without TLS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.json_document import json_document

Statement = dict[str, Any]
Principal = Mapping[str, str] | str
Condition = Mapping[str, Any]

VERSION = "2012-10-17"
"""The current version of the policy language (IAM User Guide, "Version")."""

EVERYONE = {"AWS": "*"}
"""Means the same as "*" (IAM User Guide, "Principal"); every tool that reads policies understands the mapping."""


def allow(
    actions: str | Sequence[str],
    resources: Any,
    *,
    sid: str | None = None,
    principal: Principal | None = None,
    condition: Condition | None = None,
) -> Statement:
    """An Allow statement; a role's policy has no principal."""
    return _statement("Allow", actions, resources, sid, principal, condition)


def deny(
    actions: str | Sequence[str],
    resources: Any,
    *,
    sid: str,
    principal: Principal | None = None,
    condition: Condition | None = None,
) -> Statement:
    """A Deny statement, which overrides every Allow."""
    return _statement("Deny", actions, resources, sid, principal, condition)


def deny_without_tls(
    actions: str, resources: Any, *, sid: str = "RefusePlainHttp", principal: Principal = "*"
) -> Statement:
    """A statement that denies every request without TLS."""
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return deny(actions, resources, sid=sid, principal=principal, condition=condition)


def document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy of these statements, as JSON."""
    return json_document({"Version": VERSION, "Statement": list(statements)})


def trust(service: str, condition: Condition | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that an AWS service assumes.

    A condition on the source excludes other accounts' use of the service. It must name what the service sends: an unmet
    condition makes the service fail, often without an error.
    """
    return document([allow("sts:AssumeRole", None, principal={"Service": service}, condition=condition)])


def _statement(
    effect: str,
    actions: str | Sequence[str],
    resources: Any,
    sid: str | None,
    principal: Principal | None,
    condition: Condition | None,
) -> Statement:
    """In the order of AWS's documentation; what is None is omitted."""
    elements = {
        "Sid": sid,
        "Effect": effect,
        "Principal": principal,
        "Action": actions,
        "Resource": resources,
        "Condition": condition,
    }
    return {element: value for element, value in elements.items() if value is not None}
