"""The records that stacks promise: a region's to the stacks after it, the edge's to the operators' commands."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pulumi

Named = Mapping[str, pulumi.Input[str]] | pulumi.Output[Mapping[str, str]]
"""Several of a kind, each under the name it has in the platform."""


@dataclass(frozen=True, kw_only=True)
class RegionOutputs:
    """What others may know of a region; each field is exported under its own name.

    Names are promises: another stack reads them through a StackReference, so a field is added, and never renamed.
    """

    account_id: pulumi.Input[str]
    region: pulumi.Input[str]
    environment: pulumi.Input[str]
    role: pulumi.Input[str]
    follows: pulumi.Input[str]
    activated: pulumi.Input[bool]
    fenced: pulumi.Input[bool]
    posture: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    vpc_cidr: pulumi.Input[str]
    app_subnet_ids: pulumi.Input[list[str]]
    data_subnet_ids: pulumi.Input[list[str]]
    key_arns: Named
    secret_arns: Named
    bucket_names: Named
    bucket_arns: Named
    database_identifier: pulumi.Input[str]
    database_arn: pulumi.Input[str]
    database_endpoint: pulumi.Input[str]
    database_generation: pulumi.Input[int]
    kept_database_identifiers: pulumi.Input[list[str]]
    cache_id: pulumi.Input[str]
    cache_endpoint: pulumi.Input[str]
    queue_urls: Named
    dead_letter_queue_urls: Named
    web_group_names: Named
    worker_group_name: pulumi.Input[str]
    load_balancer_dns_name: pulumi.Input[str]
    load_balancer_zone_id: pulumi.Input[str]
    target_group_arns: Named
    certificate_arn: pulumi.Input[str]
    certificate_validation_records: pulumi.Output[Any]
    alarm_topic_arn: pulumi.Input[str]
    backup_vault_name: pulumi.Input[str]
    offsite: Named

    def export(self) -> None:
        """Export every field as an output of the stack that runs."""
        for name, value in self._items():
            pulumi.export(name, value)

    @classmethod
    def of(cls, stack: pulumi.StackReference) -> "RegionOutputs":
        """The record of another stack. An output that stack lacks fails the deployment, and is named."""
        values: dict[str, Any] = {field.name: stack.require_output(field.name) for field in fields(cls)}
        return cls(**values)

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs:
    """What the operators' commands may know of the edge; each field is exported under its own name.

    `origins` are the regions' load balancers and `health_check_ids` their checks, both by stack; `records` are the ids
    of the proxied DNS records by host name.
    """

    live: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    origins: Named
    records: Named
    health_check_ids: Named

    def export(self) -> None:
        """Export every field as an output of the stack that runs."""
        for field in fields(self):
            pulumi.export(field.name, getattr(self, field.name))
