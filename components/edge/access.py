"""Cloudflare Access in front of the admin panel and the monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.part import EdgePart, Zone
from settings import AccessSettings


@dataclass(frozen=True, kw_only=True)
class ProtectedHost:
    """A host behind a login at Cloudflare; `title` is the name of its Access application."""

    subdomain: str
    title: str
    why: str


PROTECTED_HOSTS = (
    ProtectedHost(
        subdomain="admin", title="AskProAI admin", why="Its own login alone would be exposed to the internet."
    ),
    ProtectedHost(
        subdomain="monitoring",
        title="AskProAI monitoring",
        why="Dashboards show customers' load and the platform's weaknesses.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`emails` are the people who may log in: Cloudflare verifies the address with a one-time PIN, and then asks for a
    second factor."""

    zone: Zone
    emails: Sequence[str]
    settings: AccessSettings


class Access(EdgePart):
    """An Access application for each protected host, and the policy that they share."""

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Access", name, opts)
        session = f"{args.settings.session_hours}h"
        operators = cloudflare.ZeroTrustAccessPolicy(
            f"{name}-operators",
            account_id=args.zone.account_id,
            name=args.zone.named("operators"),
            decision="allow",
            includes=[
                cloudflare.ZeroTrustAccessPolicyIncludeArgs(
                    email=cloudflare.ZeroTrustAccessPolicyIncludeEmailArgs(email=email)
                )
                for email in args.emails
            ],
            session_duration=session,
            # A code by mail proves only access to a mailbox.
            mfa_config=cloudflare.ZeroTrustAccessPolicyMfaConfigArgs(
                mfa_disabled=False,
                allowed_authenticators=sorted(args.settings.second_factors),
                session_duration=session,
            ),
            opts=self.child(),
        )
        for host in PROTECTED_HOSTS:
            cloudflare.ZeroTrustAccessApplication(
                f"{name}-{host.subdomain}",
                account_id=args.zone.account_id,
                name=host.title,
                type="self_hosted",
                domain=args.zone.host(host.subdomain),
                session_duration=session,
                policies=[cloudflare.ZeroTrustAccessApplicationPolicyArgs(id=operators.id, precedence=1)],
                http_only_cookie_attribute=True,
                same_site_cookie_attribute="lax",
                opts=self.child(),
            )
        self.register_outputs({"policy_id": operators.id})
