"""The IAM role of instances with its permissions, and its instance profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, trust
from components.security.service_role import NAME_LIMIT, service_role
from components.site import Site


@dataclass(frozen=True, kw_only=True)
class InstanceRoleArgs:
    """`permissions` come from the functions of `components.compute.permissions`."""

    site: Site
    permissions: Sequence[Statement]


class InstanceRole(Component):
    """One role, one inline policy, one profile."""

    role: aws.iam.Role
    profile: aws.iam.InstanceProfile

    def __init__(self, name: str, args: InstanceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute:InstanceRole", name, args.site, opts=opts)
        self.role, rights = service_role(
            self,
            name,
            args.site,
            description="What the instances may do.",
            # Without aws:SourceAccount, which EC2 does not send and does not need: it assumes a role only for instances
            # of the role's own account.
            trusts=trust("ec2.amazonaws.com"),
            may=args.permissions,
        )
        # After the permissions: an instance that starts with the profile has them.
        self.profile = aws.iam.InstanceProfile(
            f"{name}-profile",
            name=args.site.naming.physical(name, NAME_LIMIT),
            role=self.role.name,
            opts=self.child(depends_on=[rights]),
        )
        self.register_outputs({"profile": self.profile.name})
