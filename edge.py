"""The composition of the edge: Cloudflare in front of two regions, known only from their stacks' outputs."""

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.access import Access, AccessArgs
from components.edge.delivery import Delivery
from components.edge.dns import Dns, DnsArgs
from components.edge.part import EdgePart, Zone
from components.edge.tls import Tls, TlsArgs
from components.edge.waf import EdgeWaf, EdgeWafArgs
from components.edge.watch import Watch, WatchArgs
from components.protection import Protection
from outputs import EdgeOutputs
from settings import EdgeSecrets, EdgeSettings
from settings.permanent import made_with


@dataclass(frozen=True, kw_only=True)
class Origins:
    """The two outputs that the edge reads from the regions, so that a region of an older or newer program works too."""

    addresses: dict[str, pulumi.Output[str]]
    validations: pulumi.Output[list[list[dict[str, str]]]]


def compose(settings: EdgeSettings, secrets: EdgeSecrets) -> EdgeOutputs:
    """Declare the edge; every resource is a child of its part."""
    provider = cloudflare.Provider("cloudflare", api_token=secrets.cloudflare_api_token)
    opts = pulumi.ResourceOptions(provider=provider)
    zone = Zone(
        id=settings.zone_id,
        account_id=settings.cloudflare_account_id,
        domain=settings.domain,
        label=settings.environment,
    )
    origins = _origins(settings.regions)
    dns = Dns(
        "dns",
        DnsArgs(
            zone=zone,
            live=settings.live,
            origins=origins.addresses,
            validations=origins.validations,
            mail=settings.mail,
            protected=settings.protected,
        ),
        opts,
    )
    watch_args = WatchArgs(
        zone=zone, stacks=settings.regions, emails=settings.notification_emails, settings=settings.health_checks
    )
    waf_args = EdgeWafArgs(zone=zone, stacks=settings.regions, webhooks=settings.webhooks, settings=settings.firewall)
    parts: list[EdgePart] = [
        dns,
        Tls("tls", TlsArgs(zone=zone, settings=settings.tls, secrets=secrets), opts),
        EdgeWaf("firewall", waf_args, opts),
        Delivery("delivery", zone, opts),
        Access("access", AccessArgs(zone=zone, emails=settings.admin_emails, settings=settings.access), opts),
        Watch("watch", watch_args, opts),
    ]
    Protection(parts, protected=settings.protected)
    return EdgeOutputs(
        made_with=made_with(settings),
        topology=settings.topology,
        live=settings.live,
        zone_id=settings.zone_id,
        origins=origins.addresses,
        records={host: record.id for host, record in dns.records.items()},
        dnssec=dns.registrar,
    )


def _origins(stacks: list[str]) -> Origins:
    """The regions, from the state backend: a lost region does not block the edge."""
    prefix = f"{pulumi.get_organization()}/{pulumi.get_project()}"
    references = {stack: pulumi.StackReference(f"{prefix}/{stack}") for stack in stacks}
    return Origins(
        addresses={stack: other.require_output("load_balancer_dns_name") for stack, other in references.items()},
        validations=pulumi.Output.all(
            *(other.require_output("certificate_validation_records") for other in references.values())
        ),
    )
