"""The DNS records: one points to the live region and visitors' names follow it; each region also has its own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.mail import mail_records
from components.edge.part import EdgePart, Zone
from contract import APP_LABEL, origin
from settings import MailSettings

AUTOMATIC = 1
"""Cloudflare chooses the TTL of a proxied record (Cloudflare API, DNS records, ttl)."""
CERTIFICATE_TTL_SECONDS = 300
CERTIFICATE_AUTHORITY = "amazon.com"
"""Of the regions' certificates (ACM User Guide, "Configure a CAA record"). Cloudflare adds its own authorities itself
(Cloudflare, "CAA records")."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host name for visitors. `why` is the record's comment: 100 characters at most (Cloudflare, "Record
    attributes")."""

    role: str
    subdomain: str
    why: str


APEX = Host(role="apex", subdomain="", why="Routes to the live region: the one record that a flip changes.")
FOLLOWERS = (
    Host(role="www", subdomain="www", why="What people type before the domain; redirected to it."),
    Host(role="app", subdomain=APP_LABEL, why="The application."),
    Host(role="api", subdomain="api", why="The API: clients, and the webhooks of Cal.com and Retell.ai."),
    Host(role="admin", subdomain="admin", why="The admin panel, behind Access."),
    Host(role="monitoring", subdomain="monitoring", why="Prometheus, behind Access."),
)


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """`origins` are the DNS names of the load balancers by stack; the apex is routed to that of `live`.

    `validations` are the DNS records that ACM requires, one list per region: the same record where the regions share an
    account.
    """

    zone: Zone
    live: str
    origins: Mapping[str, pulumi.Output[str]]
    validations: pulumi.Output[list[list[dict[str, str]]]]
    mail: MailSettings | None
    protected: bool


class Dns(EdgePart):
    """The records, by host name, and DNSSEC, with the key for the registrar.

    A CNAME to a name in the same zone resolves to that name's target (Cloudflare, "DNS resolution", records within the
    same zone), and an apex may be a CNAME (Cloudflare, "CNAME flattening").
    """

    records: dict[str, cloudflare.DnsRecord]
    registrar: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Dns", name, opts)
        self._name = name
        self._args = args
        zone = args.zone
        apex = {zone.domain: self._proxied(APEX.role, zone.domain, args.origins[args.live], APEX.why)}
        followers = {
            zone.host(host.subdomain): self._proxied(host.role, zone.host(host.subdomain), zone.domain, host.why)
            for host in FOLLOWERS
        }
        fixed = {
            origin(stack, zone.domain): self._proxied(
                f"origin-{stack}",
                origin(stack, zone.domain),
                address,
                f"The region of stack {stack}, live or not, for health checks alone.",
            )
            for stack, address in args.origins.items()
        }
        self.records = apex | followers | fixed
        self._certificate()
        self._authority()
        self._mail()
        # Cloudflare returns "pending" until the registrar has the key, and flags that nobody set: neither is drift.
        as_it_is = ["status", "dnssecMultiSigner", "dnssecPresigned", "dnssecUseNsec3"]
        dnssec = cloudflare.ZoneDnssec(
            f"{name}-dnssec",
            zone_id=zone.id,
            status="active",
            # If it were unsigned while the registrar still has the key, validating resolvers could not resolve the
            # domain.
            opts=self.child(protect=args.protected, ignore_changes=as_it_is, retain_on_delete=True),
        )
        self.registrar = {
            "ds": dnssec.ds,
            "flags": dnssec.flags.apply(_text),
            "algorithm": dnssec.algorithm,
            "public_key": dnssec.public_key,
        }
        self.register_outputs({"record_ids": {host: record.id for host, record in self.records.items()}})

    def _proxied(self, role: str, host: str, content: pulumi.Input[str], why: str) -> cloudflare.DnsRecord:
        return cloudflare.DnsRecord(
            f"{self._name}-{role}",
            zone_id=self._args.zone.id,
            name=host,
            type="CNAME",
            content=content,
            proxied=True,
            ttl=AUTOMATIC,
            comment=why,
            opts=self.child(protect=self._args.protected),
        )

    def _authority(self) -> None:
        """No other authority may issue a certificate for the domain, or for a name below it."""
        cloudflare.DnsRecord(
            f"{self._name}-caa",
            zone_id=self._args.zone.id,
            name=self._args.zone.domain,
            type="CAA",
            data=cloudflare.DnsRecordDataArgs(flags=0, tag="issue", value=CERTIFICATE_AUTHORITY),
            proxied=False,
            ttl=AUTOMATIC,
            comment="Who may issue certificates: Amazon for the regions, and Cloudflare's own for the edge.",
            opts=self.child(protect=self._args.protected),
        )

    def _mail(self) -> None:
        """Not protected: keys and senders change with the table in the stack file."""
        zone, mail = self._args.zone, self._args.mail
        for record in mail_records(zone.domain, mail) if mail else ():
            cloudflare.DnsRecord(
                f"{self._name}-{record.role}",
                zone_id=zone.id,
                name=record.host,
                type=record.type,
                content=record.content,
                priority=record.priority,
                proxied=False,
                ttl=AUTOMATIC,
                comment=record.why,
                opts=self.child(),
            )

    def _certificate(self) -> None:
        """Permanent: ACM reads this record whenever it renews a region's certificate."""
        domain = self._args.zone.domain
        record = self._args.validations.apply(lambda regions: validation(domain, regions))
        cloudflare.DnsRecord(
            f"{self._name}-certificate",
            zone_id=self._args.zone.id,
            name=record.apply(lambda found: found["name"]),
            type="CNAME",
            content=record.apply(lambda found: found["content"]),
            # ACM must resolve the record itself, not Cloudflare's addresses.
            proxied=False,
            ttl=CERTIFICATE_TTL_SECONDS,
            comment="ACM renews the regions' certificates as long as this is here.",
            opts=self.child(protect=self._args.protected),
        )


def validation(domain: str, regions: list[list[dict[str, str]]]) -> dict[str, str]:
    """The DNS record that validates the certificates of all regions, without the trailing dots that Cloudflare trims.

    The name of ACM's record depends on domain and account alone (ACM User Guide, "DNS validation"), and the wildcard
    shares it. The keys are spelt as the engine stores outputs. Raises ValueError if the regions' certificates require
    different records.
    """
    wanted = {
        (option["resourceRecordName"].rstrip("."), option["resourceRecordValue"].rstrip("."))
        for options in regions
        for option in options
        if option["domainName"] == domain
    }
    if len(wanted) != 1:
        raise ValueError(
            f"the certificates of the regions ask for {len(wanted)} different records for {domain}; "
            "want regions of one AWS account, whose stacks are up"
        )
    ((name, content),) = wanted
    return {"name": name, "content": content}


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}"
