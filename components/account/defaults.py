"""Account-wide defaults: no public buckets, and long passwords."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site

SHORTEST_PASSWORD = 14
"""CIS AWS Foundations Benchmark 3.0, 1.8."""
PASSWORDS_REMEMBERED = 24
"""CIS AWS Foundations Benchmark 3.0, 1.9; IAM's maximum."""
PASSWORD_DAYS = 90
"""PCI DSS 4.0, 8.3.9."""


@dataclass(frozen=True, kw_only=True)
class DefaultsArgs:
    """The site of the account."""

    site: Site


class Defaults(Component):
    """The public access block of buckets, and IAM's password policy, although no user should have a password here."""

    def __init__(self, name: str, args: DefaultsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Defaults", name, args.site, opts=opts)
        aws.s3.AccountPublicAccessBlock(
            f"{name}-public-access",
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        aws.iam.AccountPasswordPolicy(
            f"{name}-passwords",
            minimum_password_length=SHORTEST_PASSWORD,
            password_reuse_prevention=PASSWORDS_REMEMBERED,
            max_password_age=PASSWORD_DAYS,
            require_lowercase_characters=True,
            require_uppercase_characters=True,
            require_numbers=True,
            require_symbols=True,
            allow_users_to_change_password=True,
            opts=self.child(),
        )
        self.register_outputs({})
