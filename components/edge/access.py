"""The door in front of the admin panel and the monitoring: who is let through is asked at Cloudflare."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.part import EdgePart, Zone
from settings import AccessSettings


@dataclass(frozen=True, kw_only=True)
class Door:
    """A host behind the login."""

    subdomain: str
    title: str
    why: str


DOORS = (
    Door(subdomain="admin", title="AskProAI admin", why="Its own login alone would meet the whole internet."),
    Door(
        subdomain="monitoring", title="AskProAI monitoring", why="Dashboards show customers' load and our weak spots."
    ),
)


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`emails` are the people who may pass: Cloudflare proves the address with a one-time code."""

    zone: Zone
    emails: Sequence[str]
    settings: AccessSettings


class Access(EdgePart):
    """An application for each door, and the one policy that all of them follow."""

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
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
            opts=self.child(),
        )
        for door in DOORS:
            cloudflare.ZeroTrustAccessApplication(
                f"{name}-{door.subdomain}",
                account_id=args.zone.account_id,
                name=door.title,
                type="self_hosted",
                domain=args.zone.host(door.subdomain),
                session_duration=session,
                policies=[cloudflare.ZeroTrustAccessApplicationPolicyArgs(id=operators.id, precedence=1)],
                http_only_cookie_attribute=True,
                same_site_cookie_attribute="lax",
                opts=self.child(),
            )
        self.register_outputs({"policy_id": operators.id})
