"""TLS on both sides of Cloudflare: towards visitors, and towards origins, with a client certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.part import EdgePart, Zone
from settings import EdgeSecrets, TlsSettings

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of the zone, by Cloudflare's id."""

    id: str
    value: Any
    why: str


def zone_settings(tls: TlsSettings) -> Iterator[Setting]:
    """The zone settings that differ from Cloudflare's defaults, or must not change with them."""
    yield Setting(
        id="ssl", value="strict", why="Cloudflare connects to origins with TLS, and verifies their certificates."
    )
    yield Setting(id="min_tls_version", value="1.2", why="TLS 1.0 and 1.1 are broken; PCI DSS forbids them.")
    yield Setting(id="tls_1_3", value="on", why="Every current browser prefers it.")
    yield Setting(id="always_use_https", value="on", why="Nothing but redirects is served without TLS.")
    yield Setting(
        id="security_header",
        value={
            "strict_transport_security": {
                "enabled": True,
                "max_age": tls.hsts_max_age_days * SECONDS_A_DAY,
                "include_subdomains": True,
                # Removal from browsers' preload lists takes months: an operator decides that, not a default.
                "preload": False,
                "nosniff": True,
            }
        },
        why="HSTS: a browser that has visited once never connects without TLS again.",
    )


@dataclass(frozen=True, kw_only=True)
class TlsArgs:
    """`secrets` has the client certificate that Cloudflare presents to origins, and its key."""

    zone: Zone
    settings: TlsSettings
    secrets: EdgeSecrets


class Tls(EdgePart):
    """The zone's TLS settings, and authenticated origin pulls with our own certificate.

    Cloudflare's default certificate proves that a request comes from some zone at Cloudflare, not that it is ours.
    """

    def __init__(self, name: str, args: TlsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Tls", name, opts)
        for setting in zone_settings(args.settings):
            cloudflare.ZoneSetting(
                f"{name}-{setting.id.replace('_', '-')}",
                zone_id=args.zone.id,
                setting_id=setting.id,
                value=setting.value,
                # An update sends only the changed properties of an object (terraform-provider-cloudflare 5.22), and
                # whether Cloudflare keeps the others is not documented. A replacement sends all of them, and a deletion
                # sends nothing.
                opts=self.child(replace_on_changes=["value"] if isinstance(setting.value, dict) else None),
            )
        certificate = cloudflare.AuthenticatedOriginPullsCertificate(
            f"{name}-origin-pull-certificate",
            zone_id=args.zone.id,
            certificate=args.secrets.origin_pull_certificate,
            private_key=args.secrets.origin_pull_key,
            # Cloudflare never returns the key: after an import each `up` would set it, in vain. A new pair has a new
            # certificate, which replaces this one. Cloudflare presents the former until the new one is in every data
            # center, so it stays until `ops bootstrap` removes it.
            opts=self.child(ignore_changes=["privateKey"], retain_on_delete=True),
        )
        cloudflare.AuthenticatedOriginPullsSettings(
            f"{name}-origin-pulls",
            zone_id=args.zone.id,
            enabled=True,
            # Without a certificate of the zone, Cloudflare presents its own, which the origins reject.
            opts=self.child(depends_on=[certificate]),
        )
        self.register_outputs({"origin_pull_certificate_id": certificate.id})
