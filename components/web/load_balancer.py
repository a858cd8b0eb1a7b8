"""The load balancer: TLS with client certificates, and rules that route by host name."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.ports import HTTP, HTTPS
from components.network.security_groups import SecurityGroups, Service
from components.site import Site
from components.storage.storage import Storage
from components.web.trust_store import TrustStore
from contract import HEALTH_PATH, ORIGIN_LABELS, PUBLIC_LABELS
from hosts.roles import MONITORING, WEB, HostRole
from settings import WebSettings

NAME_LIMIT = 32
MONITORING_HEALTH_PATH = "/-/healthy"
"""Prometheus's own health check (Prometheus documentation, "Management API")."""
IDLE_TIMEOUT_SECONDS = 60
STICKY_SECONDS = 3600
"""How long a session stays on its colour while traffic shifts (our choice)."""


@dataclass(frozen=True, kw_only=True)
class HostRule:
    """Host names with the same target: the application or, with `monitoring`, the monitoring host.

    A rule with `health_only` matches the health check's path and those below it; other paths get the default 404.
    """

    role: str
    priority: int
    subdomains: tuple[str, ...]
    why: str
    monitoring: bool = False
    health_only: bool = False

    def hosts(self, domain: str) -> list[str]:
        """The full names; the empty subdomain is the domain itself."""
        return [f"{subdomain}.{domain}" if subdomain else domain for subdomain in self.subdomains]


HOST_RULES = (
    HostRule(
        role="monitoring",
        priority=10,
        subdomains=("monitoring",),
        monitoring=True,
        why="The application must never answer at this name, even in a region without a monitoring host.",
    ),
    HostRule(
        role="admin",
        priority=20,
        subdomains=("admin",),
        why="The admin panel is part of the application; its own rule allows turning off only the panel.",
    ),
    HostRule(
        role="application",
        priority=30,
        subdomains=PUBLIC_LABELS,
        why="The public names. Any other gets a 404: the application trusts the Host header in its links.",
    ),
    HostRule(
        role="origin",
        priority=40,
        subdomains=(ORIGIN_LABELS,),
        why="The region's own name, whichever region is live: for health checks and the gates of a flip.",
        health_only=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """`trust_store` verifies the client certificates of connections that the security group lets through.

    `monitored`: the region has a monitoring host. A protected load balancer cannot be deleted: public DNS points to its
    name.
    """

    site: Site
    network: Network
    security_groups: SecurityGroups
    storage: Storage
    trust_store: TrustStore
    settings: WebSettings
    domain: str
    monitored: bool = False


class LoadBalancer(Component):
    """`certificate` lists the DNS records that validate the domain; a deployment waits until they are published."""

    load_balancer: aws.lb.LoadBalancer
    target_groups: dict[str, aws.lb.TargetGroup]
    monitoring: aws.lb.TargetGroup | None
    certificate: aws.acm.Certificate
    listener: aws.lb.Listener

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("web:Balancer", name, args.site, opts=opts)
        self._name = name
        self._args = args

        self.load_balancer = self._load_balancer()
        self.target_groups = {color: self._color(color) for color in WEB.groups}
        self.monitoring = self._monitoring() if args.monitored else None
        self.certificate = self._certificate()
        self.listener = self._listener()
        self._redirect()
        for rule in HOST_RULES:
            self._host_rule(rule)
        self.register_outputs({"dns_name": self.load_balancer.dns_name})

    def _load_balancer(self) -> aws.lb.LoadBalancer:
        args = self._args
        return aws.lb.LoadBalancer(
            f"{self._name}-load-balancer",
            name=args.site.naming.physical(self._name, NAME_LIMIT),
            load_balancer_type="application",
            internal=False,
            subnets=args.network.public_subnet_ids,
            security_groups=[args.security_groups[Service.LOAD_BALANCER].id],
            enable_deletion_protection=args.site.protected,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_http2=True,
            idle_timeout=IDLE_TIMEOUT_SECONDS,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(
                enabled=True, bucket=args.storage.logs.name, prefix=self._name
            ),
            # A handshake that the trust store refuses is not a request, and not in the access log.
            connection_logs=aws.lb.LoadBalancerConnectionLogsArgs(
                enabled=True, bucket=args.storage.logs.name, prefix=f"{self._name}-connections"
            ),
            # ELB writes a test object when logging is turned on: the bucket's policy must exist first.
            opts=self.child(protect=args.site.protected, depends_on=[args.storage.logs.policy]),
        )

    def _color(self, color: str) -> aws.lb.TargetGroup:
        # Requests differ in duration by seconds: outstanding requests balance them better than round robin.
        balance = "least_outstanding_requests"
        seconds = self._args.settings.deregistration_delay_seconds
        return self._target_group(color, f"web-{color}", WEB, HEALTH_PATH, deregistration=seconds, balance=balance)

    def _monitoring(self) -> aws.lb.TargetGroup:
        # Its replacement starts only after it has ended, so a wait gains nothing.
        return self._target_group(
            MONITORING.name, MONITORING.name, MONITORING, MONITORING_HEALTH_PATH, deregistration=0
        )

    def _target_group(
        self, name: str, role: str, of: HostRole, health_path: str, *, deregistration: int, balance: str | None = None
    ) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            f"{self._name}-{name}",
            name=self._args.site.naming.physical(role, NAME_LIMIT),
            vpc_id=self._args.network.vpc.id,
            target_type="instance",
            protocol="HTTP",
            port=of.port,
            load_balancing_algorithm_type=balance,
            deregistration_delay=deregistration,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=health_path,
                matcher="200",
                interval=15,
                timeout=5,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            opts=self.child(),
        )

    def _certificate(self) -> aws.acm.Certificate:
        return aws.acm.Certificate(
            f"{self._name}-certificate",
            domain_name=self._args.domain,
            subject_alternative_names=[f"*.{self._args.domain}"],
            validation_method="DNS",
            opts=self.child(),
        )

    def _listener(self) -> aws.lb.Listener:
        issued = aws.acm.CertificateValidation(
            f"{self._name}-certificate-issued", certificate_arn=self.certificate.arn, opts=self.child()
        )
        return aws.lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=self.load_balancer.arn,
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=self._args.settings.tls_policy,
            certificate_arn=issued.certificate_arn,
            # All Cloudflare customers share its addresses: only the certificate proves that the zone is ours.
            mutual_authentication=aws.lb.ListenerMutualAuthenticationArgs(
                mode="verify", trust_store_arn=self._args.trust_store.store.arn, ignore_client_certificate_expiry=False
            ),
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(
                    type="fixed-response",
                    fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(
                        status_code="404", content_type="text/plain", message_body="Unknown host"
                    ),
                )
            ],
            opts=self.child(),
        )

    def _redirect(self) -> None:
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=self.load_balancer.arn,
            port=HTTP,
            protocol="HTTP",
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(
                    type="redirect",
                    redirect=aws.lb.ListenerDefaultActionRedirectArgs(
                        protocol="HTTPS", port=str(HTTPS), status_code="HTTP_301"
                    ),
                )
            ],
            opts=self.child(),
        )

    def _host_rule(self, rule: HostRule) -> None:
        hosts = aws.lb.ListenerRuleConditionHostHeaderArgs(values=rule.hosts(self._args.domain))
        conditions = [aws.lb.ListenerRuleConditionArgs(host_header=hosts)]
        if rule.health_only:
            paths = aws.lb.ListenerRuleConditionPathPatternArgs(values=[HEALTH_PATH, f"{HEALTH_PATH}/*"])
            conditions.append(aws.lb.ListenerRuleConditionArgs(path_pattern=paths))
        aws.lb.ListenerRule(
            f"{self._name}-{rule.role}",
            listener_arn=self.listener.arn,
            priority=rule.priority,
            conditions=conditions,
            actions=[self._to_monitoring() if rule.monitoring else self._to_colors()],
            opts=self.child(),
        )

    def _to_monitoring(self) -> aws.lb.ListenerRuleActionArgs:
        if self.monitoring is None:
            return _not_served()
        return aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=self.monitoring.arn)

    def _to_colors(self) -> aws.lb.ListenerRuleActionArgs:
        """To blue and green by weight. While both have traffic, a session stays on its colour, so no page mixes two
        releases.

        Only then, because stickiness takes precedence over weights, even if the colour has no instance left.
        """
        settings = self._args.settings
        weights = {"blue": settings.blue.weight, "green": settings.green.weight}
        return aws.lb.ListenerRuleActionArgs(
            type="forward",
            forward=aws.lb.ListenerRuleActionForwardArgs(
                target_groups=[
                    aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=self.target_groups[color].arn, weight=weight)
                    for color, weight in weights.items()
                ],
                stickiness=aws.lb.ListenerRuleActionForwardStickinessArgs(
                    enabled=all(weights.values()), duration=STICKY_SECONDS
                ),
            ),
        )


def _not_served() -> aws.lb.ListenerRuleActionArgs:
    return aws.lb.ListenerRuleActionArgs(
        type="fixed-response",
        fixed_response=aws.lb.ListenerRuleActionFixedResponseArgs(
            status_code="503", content_type="text/plain", message_body="Not in service"
        ),
    )
