"""What the parts of the edge share: their type token, and the Cloudflare zone that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from naming import PROJECT, spelled


@dataclass(frozen=True, kw_only=True)
class Zone:
    """The zone at Cloudflare and its account. `label` is the prefix of the names of resources there."""

    id: str
    account_id: str
    domain: str
    label: str

    def host(self, subdomain: str) -> str:
        """The full host name; the empty subdomain is the domain itself."""
        return f"{subdomain}.{self.domain}" if subdomain else self.domain

    def named(self, role: str) -> str:
        """The name that Cloudflare's dashboard shows."""
        return spelled(self.label, role)


class EdgePart(pulumi.ComponentResource):
    """A part of the edge, of type `askproai:edge:<token>`. Children take `opts=self.child()`.

    `token` is the part's original class name: another one would replace it and all its children.
    """

    def __init__(self, token: str, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"{PROJECT}:edge:{token}", name, None, opts)

    def child(
        self,
        *,
        protect: bool | None = None,
        depends_on: list[pulumi.Resource] | None = None,
        ignore_changes: list[str] | None = None,
        delete_before_replace: bool | None = None,
        retain_on_delete: bool | None = None,
        replace_on_changes: list[str] | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child resource."""
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=depends_on,
            ignore_changes=ignore_changes,
            delete_before_replace=delete_before_replace,
            retain_on_delete=retain_on_delete,
            replace_on_changes=replace_on_changes,
        )

    def ruleset_options(self) -> pulumi.ResourceOptions:
        """Options of a ruleset: a zone has one per phase, so the old one must be deleted before a new one is
        created."""
        return self.child(delete_before_replace=True)
