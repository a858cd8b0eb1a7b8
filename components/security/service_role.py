"""The role that an AWS service, or a host, assumes, and its one inline policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, document
from components.site import Site

NAME_LIMIT = 64


class ServiceRole(NamedTuple):
    """The role and its policy. A resource that uses the role immediately depends on `rights`: without them the service
    fails."""

    role: aws.iam.Role
    rights: aws.iam.RolePolicy


def service_role(
    parent: Component,
    name: str,
    site: Site,
    *,
    description: str,
    trusts: pulumi.Output[str],
    may: Sequence[Statement],
    policy_name: str = "rights",
    suffix: str = "-role",
) -> ServiceRole:
    """A role called `name` with the trust policy `trusts` and the permissions in `may`.

    `suffix` is the rest of its logical name: existing roles keep theirs.
    """
    role = aws.iam.Role(
        f"{name}{suffix}",
        name=site.naming.physical(name, NAME_LIMIT),
        description=description,
        assume_role_policy=trusts,
        opts=parent.child(),
    )
    rights = aws.iam.RolePolicy(
        f"{name}-rights", name=policy_name, role=role.name, policy=document(may), opts=parent.child()
    )
    return ServiceRole(role, rights)
