"""The way in: a load balancer with TLS, and rules that say by host name who answers."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.ports import HTTP, HTTPS
from components.network.security_groups import Firewall
from components.storage.storage import Storage
from components.web.trust_store import OriginTrust
from contract import HEALTH_PATH
from naming import Naming
from settings import WebSettings

NAME_LIMIT = 32
IDLE_TIMEOUT_SECONDS = 60
STICKY_SECONDS = 3600
"""How long a session stays on its colour while traffic shifts, and so how long the old colour is still needed."""


@dataclass(frozen=True, kw_only=True)
class HostRule:
    """Host names that are answered alike: by the application, or, if not `served`, with 503.

    A rule for `health` alone answers for the health check's path and those below it; other paths are unknown.
    """

    role: str
    priority: int
    subdomains: tuple[str, ...]
    served: bool
    why: str
    health: bool = False

    def hosts(self, domain: str) -> list[str]:
        """The full names; the empty subdomain is the domain itself."""
        return [f"{subdomain}.{domain}" if subdomain else domain for subdomain in self.subdomains]


HOST_RULES = (
    HostRule(
        role="monitoring",
        priority=10,
        subdomains=("monitoring",),
        served=False,
        why="Reserved: it must never fall to the application while the monitoring host has no target group.",
    ),
    HostRule(
        role="admin",
        priority=20,
        subdomains=("admin",),
        served=True,
        why="The admin panel is part of the application, and a rule of its own so that it can be cut off alone.",
    ),
    HostRule(
        role="application",
        priority=30,
        subdomains=("", "www", "api", "app"),
        served=True,
        why="The public names. Any other name is answered 404: the application trusts the Host header in its links.",
    ),
    HostRule(
        role="origin",
        priority=40,
        subdomains=("origin-*",),
        served=True,
        why="The region under a name of its own, whichever is live: health checks and the gates of a flip ask here.",
        health=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """`protected` guards the load balancer from deletion: the world's DNS points to its name.

    `trust` says who may call at all, once a call has passed the firewall.
    """

    naming: Naming
    network: Network
    firewall: Firewall
    storage: Storage
    trust: OriginTrust
    settings: WebSettings
    domain: str
    protected: bool


class Balancer(Component):
    """`certificate` lists the DNS records that prove the domain; a deployment waits until they are published."""

    load_balancer: aws.lb.LoadBalancer
    target_groups: dict[str, aws.lb.TargetGroup]
    certificate: aws.acm.Certificate
    listener: aws.lb.Listener
    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("web", name, args.naming, opts=opts)
        self._name = name
        self._args = args

        self.load_balancer = self._load_balancer()
        self.target_groups = {color: self._target_group(color) for color in ("blue", "green")}
        self.certificate = self._certificate()
        self.listener = self._listener()
        self._redirect()
        for rule in HOST_RULES:
            self._host_rule(rule)
        self.dns_name = self.load_balancer.dns_name
        self.zone_id = self.load_balancer.zone_id
        self.register_outputs({"dns_name": self.dns_name, "zone_id": self.zone_id})

    def _load_balancer(self) -> aws.lb.LoadBalancer:
        args = self._args
        return aws.lb.LoadBalancer(
            f"{self._name}-load-balancer",
            name=args.naming.physical(self._name, NAME_LIMIT),
            load_balancer_type="application",
            internal=False,
            subnets=args.network.public_subnet_ids,
            security_groups=[args.firewall.balancer.id],
            enable_deletion_protection=args.protected,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_http2=True,
            idle_timeout=IDLE_TIMEOUT_SECONDS,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(
                enabled=True, bucket=args.storage.logs.name, prefix=self._name
            ),
            # AWS tries the bucket when logging is turned on: its policy must be there first.
            opts=self.child(protect=args.protected, depends_on=[args.storage.logs.policy]),
        )

    def _target_group(self, color: str) -> aws.lb.TargetGroup:
        settings = self._args.settings
        return aws.lb.TargetGroup(
            f"{self._name}-{color}",
            name=self._args.naming.physical(f"web-{color}", NAME_LIMIT),
            vpc_id=self._args.network.vpc.id,
            target_type="instance",
            protocol="HTTP",
            port=HTTP,
            # Requests differ by seconds in length: counting those in progress spreads them better than taking turns.
            load_balancing_algorithm_type="least_outstanding_requests",
            deregistration_delay=settings.deregistration_delay_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=HEALTH_PATH,
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
            # Cloudflare's addresses are those of every customer of it: only the certificate says that the zone is ours.
            mutual_authentication=aws.lb.ListenerMutualAuthenticationArgs(
                mode="verify", trust_store_arn=self._args.trust.store.arn, ignore_client_certificate_expiry=False
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
        if rule.health:
            health = HEALTH_PATH
            paths = aws.lb.ListenerRuleConditionPathPatternArgs(values=[health, f"{health}/*"])
            conditions.append(aws.lb.ListenerRuleConditionArgs(path_pattern=paths))
        aws.lb.ListenerRule(
            f"{self._name}-{rule.role}",
            listener_arn=self.listener.arn,
            priority=rule.priority,
            conditions=conditions,
            actions=[self._to_colors() if rule.served else _not_served()],
            opts=self.child(),
        )

    def _to_colors(self) -> aws.lb.ListenerRuleActionArgs:
        """To blue and green by weight; a session stays where it began, so that no page mixes two releases."""
        settings = self._args.settings
        weights = {"blue": settings.blue.weight, "green": settings.green.weight}
        return aws.lb.ListenerRuleActionArgs(
            type="forward",
            forward=aws.lb.ListenerRuleActionForwardArgs(
                target_groups=[
                    aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=self.target_groups[color].arn, weight=weight)
                    for color, weight in weights.items()
                ],
                stickiness=aws.lb.ListenerRuleActionForwardStickinessArgs(enabled=True, duration=STICKY_SECONDS),
            ),
        )


def _not_served() -> aws.lb.ListenerRuleActionArgs:
    return aws.lb.ListenerRuleActionArgs(
        type="fixed-response",
        fixed_response=aws.lb.ListenerRuleActionFixedResponseArgs(
            status_code="503", content_type="text/plain", message_body="Not in service"
        ),
    )
