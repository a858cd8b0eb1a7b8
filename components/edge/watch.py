"""What Cloudflare watches for us: the health of both regions, attacks, and certificates that end."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.dns import origin_host
from components.edge.firewall import HEALTH_PATH
from components.edge.part import EdgePart, Zone
from components.network.ports import HTTPS
from settings import HealthCheckSettings


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that Cloudflare tells by mail."""

    role: str
    alert_type: str
    why: str


HEALTH = Notice(
    role="health",
    alert_type="health_check_status_notification",
    why="A region became ill or well: the first sign that a failover may be due, from outside both regions.",
)
NOTICES = (
    Notice(
        role="origin-unreachable",
        alert_type="real_origin_monitoring",
        why="Visitors' own requests no longer reach the live region.",
    ),
    Notice(
        role="attack", alert_type="dos_attack_l7", why="Cloudflare stopped a flood: load and mails that follow are it."
    ),
    Notice(
        role="origin-pull-certificate",
        alert_type="zone_aop_custom_certificate_expiration_type",
        why="When it ends, the origins hang up on Cloudflare and the platform is down.",
    ),
    Notice(
        role="edge-certificate",
        alert_type="universal_ssl_event_type",
        why="What browsers see: Cloudflare renews it, and says when it cannot.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """`stacks` are the regions' stacks, `emails` who is told."""

    zone: Zone
    stacks: Sequence[str]
    emails: Sequence[str]
    settings: HealthCheckSettings


class Watch(EdgePart):
    """A health check a region, through the region's own name, and notices by mail.

    A check cannot show the certificate that origins ask for (Cloudflare, "Health Checks": authenticated origin pulls
    are not supported), so it goes through Cloudflare, which does. A pilot light has no instances and is ill in peace:
    Cloudflare tells of changes alone.
    """

    checks: dict[str, cloudflare.Healthcheck]

    def __init__(self, name: str, args: WatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name = name
        self._args = args
        self.checks = {stack: self._check(stack) for stack in args.stacks}
        self._notice(
            HEALTH,
            cloudflare.NotificationPolicyFiltersArgs(
                health_check_ids=[check.id for check in self.checks.values()], statuses=["Unhealthy", "Healthy"]
            ),
        )
        for notice in NOTICES:
            self._notice(notice)
        self.register_outputs({"health_check_ids": {stack: check.id for stack, check in self.checks.items()}})

    def _check(self, stack: str) -> cloudflare.Healthcheck:
        settings = self._args.settings
        return cloudflare.Healthcheck(
            f"{self._name}-{stack}",
            zone_id=self._args.zone.id,
            name=self._args.zone.named(stack),
            description=f"The region of stack {stack}.",
            address=origin_host(self._args.zone, stack),
            type="HTTPS",
            check_regions=[settings.check_region],
            interval=settings.interval_seconds,
            timeout=settings.timeout_seconds,
            consecutive_fails=settings.consecutive_fails,
            consecutive_successes=settings.consecutive_successes,
            http_config=cloudflare.HealthcheckHttpConfigArgs(
                method="GET", path=HEALTH_PATH, port=HTTPS, expected_codes=["200"]
            ),
            opts=self.child(),
        )

    def _notice(self, notice: Notice, filters: cloudflare.NotificationPolicyFiltersArgs | None = None) -> None:
        cloudflare.NotificationPolicy(
            f"{self._name}-{notice.role}",
            account_id=self._args.zone.account_id,
            name=self._args.zone.named(notice.role),
            description=notice.why,
            alert_type=notice.alert_type,
            enabled=True,
            mechanisms=cloudflare.NotificationPolicyMechanismsArgs(
                emails=[cloudflare.NotificationPolicyMechanismsEmailArgs(id=email) for email in self._args.emails]
            ),
            filters=filters,
            opts=self.child(),
        )
