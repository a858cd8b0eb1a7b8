"""The IAM role of instances with its permissions, and the instance profile that hands it to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import Statement, document, trust
from components.site import Site

NAME_LIMIT = 64


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
        physical = args.site.naming.physical(name, NAME_LIMIT)
        self.role = aws.iam.Role(
            f"{name}-role",
            name=physical,
            description="What the instances may do.",
            # Without aws:SourceAccount, which EC2 does not send. It would add nothing: EC2 assumes a role only for
            # instances of the role's own account.
            assume_role_policy=trust("ec2.amazonaws.com"),
            opts=self.child(),
        )
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            name="rights",
            role=self.role.name,
            policy=document(args.permissions),
            opts=self.child(),
        )
        # After the permissions: an instance that starts with the profile has them.
        self.profile = aws.iam.InstanceProfile(
            f"{name}-profile", name=physical, role=self.role.name, opts=self.child(depends_on=[rights])
        )
        self.register_outputs({"profile": self.profile.name})
