"""The outputs of stacks: a region's for stacks and commands, the edge's for commands, the account's for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pulumi

Named = Mapping[str, pulumi.Input[str]] | pulumi.Output[Mapping[str, str]]
"""Values by their name in the platform."""


@dataclass(frozen=True, kw_only=True)
class RegionOutputs:
    """The outputs of a region; each field is exported under its own name.

    `made_with` are the settings that cannot change while the stack is up, by name.
    `host_group_names` are the names of the Auto Scaling groups, by host role, then by group.

    A field is here because the edge, a standby or a command of `ops` reads it. It is never renamed, because a stack of
    an older or newer program reads it through a StackReference.
    """

    account_id: pulumi.Input[str]
    made_with: Named
    topology: pulumi.Input[int]
    role: pulumi.Input[str]
    activated: pulumi.Input[bool]
    fenced: pulumi.Input[bool]
    database_generation: pulumi.Input[int]
    retained_database_generations: pulumi.Input[Sequence[int]]
    key_arns: Named
    secret_arns: Named
    bucket_names: Named
    database_identifier: pulumi.Input[str]
    database_arn: pulumi.Input[str]
    queue_urls: Named
    host_group_names: Mapping[str, Named]
    load_balancer_dns_name: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    certificate_validation_records: pulumi.Output[Any]
    backup_vault_name: pulumi.Input[str]
    data_tier_acl_id: pulumi.Input[str]

    def export(self) -> None:
        """Export every field as an output of the stack that runs."""
        _export(self)


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs:
    """The outputs of the edge, for operators' commands; each field is exported under its own name.

    `origins` are the DNS names of the regions' load balancers by stack; `records` are the ids of the proxied DNS
    records by host name; `dnssec` is for the registrar: a DS record, or the key itself.
    """

    made_with: Named
    topology: pulumi.Input[int]
    live: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    origins: Named
    records: Named
    dnssec: Named

    def export(self) -> None:
        """Export every field as an output of the stack that runs."""
        _export(self)


@dataclass(frozen=True, kw_only=True)
class AccountOutputs:
    """The outputs of the account stack, which no other stack reads."""

    made_with: Named

    def export(self) -> None:
        """Export every field as an output of the stack that runs."""
        _export(self)


def _export(outputs: RegionOutputs | EdgeOutputs | AccountOutputs) -> None:
    for field in fields(outputs):
        pulumi.export(field.name, getattr(outputs, field.name))
