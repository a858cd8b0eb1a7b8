"""What Cloudflare monitors: the health of both regions, attacks, and expiring certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.part import EdgePart, Zone
from components.network.ports import HTTPS
from contract import HEALTH_PATH, origin
from settings import HealthCheckSettings


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A notification policy: what Cloudflare reports by mail. `why` is its description at Cloudflare."""

    role: str
    alert_type: str
    why: str


HEALTH = Notification(
    role="health",
    alert_type="health_check_status_notification",
    why="A region became unhealthy or healthy, seen from outside both regions. A failover may be necessary.",
)
NOTIFICATIONS = (
    Notification(
        role="origin-unreachable",
        alert_type="real_origin_monitoring",
        why="The live region refuses many connections. Health checks report other outages.",
    ),
    Notification(
        role="incident",
        alert_type="incident_alert",
        why="Cloudflare has an incident. A flip is impossible while its API does not answer.",
    ),
    Notification(
        role="attack",
        alert_type="dos_attack_l7",
        why="Cloudflare mitigated a flood, which may also cause other alerts.",
    ),
    Notification(
        role="origin-pull-certificate",
        alert_type="zone_aop_custom_certificate_expiration_type",
        why="The origin-pull certificate expires soon. After that, origins refuse Cloudflare and the platform is down.",
    ),
    Notification(
        role="edge-certificate",
        alert_type="universal_ssl_event_type",
        why="The certificate that browsers see. Cloudflare renews it, and notifies when it cannot.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """`stacks` are the regions' stacks, `emails` the recipients."""

    zone: Zone
    stacks: Sequence[str]
    emails: Sequence[str]
    settings: HealthCheckSettings


class Watch(EdgePart):
    """A health check for each region, through the region's own host name, and notification policies.

    A health check cannot present the certificate that origins require (Cloudflare, "Health Checks": authenticated
    origin pulls are not supported), so it goes through Cloudflare's proxy, which does. A pilot light has no instances
    and is unhealthy in normal operation: Cloudflare notifies only of changes.
    """

    checks: dict[str, cloudflare.Healthcheck]

    def __init__(self, name: str, args: WatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Watch", name, opts)
        self._name = name
        self._args = args
        self.checks = {stack: self._check(stack) for stack in args.stacks}
        self._notify(
            HEALTH,
            cloudflare.NotificationPolicyFiltersArgs(
                health_check_ids=[check.id for check in self.checks.values()], statuses=["Unhealthy", "Healthy"]
            ),
        )
        for notification in NOTIFICATIONS:
            self._notify(notification)
        self.register_outputs({"health_check_ids": {stack: check.id for stack, check in self.checks.items()}})

    def _check(self, stack: str) -> cloudflare.Healthcheck:
        settings = self._args.settings
        return cloudflare.Healthcheck(
            f"{self._name}-{stack}",
            zone_id=self._args.zone.id,
            name=self._args.zone.named(stack),
            description=f"The region of stack {stack}.",
            address=origin(stack, self._args.zone.domain),
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

    def _notify(
        self, notification: Notification, filters: cloudflare.NotificationPolicyFiltersArgs | None = None
    ) -> None:
        cloudflare.NotificationPolicy(
            f"{self._name}-{notification.role}",
            account_id=self._args.zone.account_id,
            name=self._args.zone.named(notification.role),
            description=notification.why,
            alert_type=notification.alert_type,
            enabled=True,
            mechanisms=cloudflare.NotificationPolicyMechanismsArgs(
                emails=[cloudflare.NotificationPolicyMechanismsEmailArgs(id=email) for email in self._args.emails]
            ),
            filters=filters,
            opts=self.child(),
        )
