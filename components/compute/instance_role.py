"""Who an instance is in AWS: a role with the rights it was granted, and the profile that carries it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.permissions import Statement
from naming import Naming

TRUST_IN_EC2 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
"""Without aws:SourceAccount, which EC2 does not send when an instance takes its role: the condition would lock it out.

EC2 takes a role only for an instance of the role's own account, so there is no stranger to keep away.
"""

NAME_LIMIT = 64


@dataclass(frozen=True, kw_only=True)
class InstanceRoleArgs:
    """`grants` come from the functions of the module `grants`."""

    naming: Naming
    grants: Sequence[Statement]


class InstanceRole(Component):
    """One role, one inline policy, one profile."""

    role: aws.iam.Role
    profile: aws.iam.InstanceProfile

    def __init__(self, name: str, args: InstanceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("compute", name, args.naming, opts=opts)
        physical = args.naming.physical(name, NAME_LIMIT)
        self.role = aws.iam.Role(
            f"{name}-role",
            name=physical,
            description="What the instances may do.",
            assume_role_policy=json.dumps(TRUST_IN_EC2),
            opts=self.child(),
        )
        aws.iam.RolePolicy(
            f"{name}-rights",
            name="rights",
            role=self.role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(args.grants)}),
            opts=self.child(),
        )
        self.profile = aws.iam.InstanceProfile(f"{name}-profile", name=physical, role=self.role.name, opts=self.child())
        self.register_outputs({"profile": self.profile.name})
