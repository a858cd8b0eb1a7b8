"""What the parts of the edge share: their type token, and where at Cloudflare they are."""

from dataclasses import dataclass

import pulumi

from naming import PROJECT, spelled


@dataclass(frozen=True, kw_only=True)
class Zone:
    """The zone at Cloudflare, and the account that has it. `label` leads the names of what has a name there."""

    id: str
    account_id: str
    domain: str
    label: str

    def host(self, subdomain: str) -> str:
        """The full name; the empty subdomain is the domain itself."""
        return f"{subdomain}.{self.domain}" if subdomain else self.domain

    def named(self, role: str) -> str:
        """The name that people read at Cloudflare."""
        return spelled(self.label, role)


class EdgePart(pulumi.ComponentResource):
    """A part of the edge, of type `askproai:edge:<class name>`. Children take `opts=self.child()`."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"{PROJECT}:edge:{type(self).__name__}", name, None, opts)

    def child(
        self, *, protect: bool | None = None, depends_on: list[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """Options of a child resource."""
        return pulumi.ResourceOptions(parent=self, protect=protect, depends_on=depends_on)
