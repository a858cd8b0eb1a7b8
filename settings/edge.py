"""All settings of the edge's stack, and the rules between them."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.destruction import misnamed
from settings.mail import MailSettings, out_of_reach
from settings.network import distinct
from settings.plans import PLANS, Plan, SupportedSeconds
from settings.problems import Problem, closest, shown
from settings.shapes import Domain, EmailAddress, Environment, text
from settings.webhooks import Paths, Webhooks

CloudflareId = Annotated[
    str,
    text(
        "is not a Cloudflare ID; want 32 hexadecimal digits in quotes, as the overview page of the zone shows them",
        re.compile(r"[0-9a-f]{32}"),
    ),
]
Emails = Annotated[list[EmailAddress], Field(min_length=1), AfterValidator(distinct)]


SecondFactor = Literal["totp", "biometrics", "security_key"]


class TlsSettings(Block):
    """What browsers are told about TLS."""

    hsts_max_age_days: Annotated[int, Field(ge=1, le=365)]
    """Days that a browser only uses HTTPS, for every name below the domain; this cannot be taken back in a browser that
    has seen it. Start with 1, then 30, then 365 once everything under the domain has TLS: Cloudflare recommends at
    least 180, and its dashboard allows at most 365 (Cloudflare, "HTTP Strict Transport Security").
    """


class AccessSettings(Block):
    """The login that Cloudflare asks for in front of the admin panel and the monitoring."""

    session_hours: Annotated[int, Field(ge=1, le=24)]
    """Hours until people must sign in again: a day at most (ours)."""
    second_factors: Annotated[list[SecondFactor], Field(min_length=1), AfterValidator(distinct)]
    """What people need to sign in besides their mailbox: totp, biometrics or security_key. The account's Zero Trust
    must allow them first (Cloudflare, "Enforce MFA", independent MFA).
    """


class RateLimit(Block):
    """How often one client may ask, and for how long it is refused when it asks more often."""

    requests: Annotated[int, Field(ge=1, le=100_000)]
    """Requests in a period; more than the bound would protect nothing (ours)."""
    period_seconds: SupportedSeconds
    """Seconds of a period: one that Cloudflare supports."""
    block_seconds: SupportedSeconds
    """Seconds that a client is blocked: one that Cloudflare supports."""


class FirewallSettings(Block):
    """What Cloudflare's firewall lets through."""

    owasp_paranoia_level: Annotated[int, Field(ge=1, le=4)]
    """Paranoia level of the OWASP rules: 1 to 4 (Cloudflare, "OWASP Core Ruleset")."""
    owasp_score_threshold: Literal[25, 40, 60]
    """Score at which the OWASP rules block: 25 is high sensitivity, 60 low (Cloudflare, "OWASP Core Ruleset")."""
    login_paths: Paths
    """Paths of login forms."""
    login: RateLimit
    """How often one client may try to log in."""
    api: RateLimit
    """How often one client may call the API."""

    @rule
    def _a_login_is_rarer_than_a_call(self) -> Iterator[Problem]:
        # In requests times the other's period: as rates, without fractions.
        if self.login.requests * self.api.period_seconds > self.api.requests * self.login.period_seconds:
            yield Problem(
                path=("login", "requests"),
                text=f"{self.login.requests} in {self.login.period_seconds} seconds is more than the API's "
                f"{self.api.requests} in {self.api.period_seconds}; want less",
            )


class HealthCheckSettings(Block):
    """How Cloudflare asks each region whether it is well."""

    interval_seconds: Annotated[int, Field(ge=10, le=3600)]
    """Seconds between checks: an hour at most (ours)."""
    timeout_seconds: Annotated[int, Field(ge=1, le=10)]
    """Seconds until a check has failed: 10 at most (Cloudflare, "Health Checks")."""
    consecutive_fails: Annotated[int, Field(ge=1, le=10)]
    """Consecutive failures until a region counts as unhealthy."""
    consecutive_successes: Annotated[int, Field(ge=1, le=10)]
    """Consecutive successes until it counts as healthy."""
    check_region: Literal["WNAM", "ENAM", "WEU", "EEU", "NSAM", "SSAM", "OC", "ME", "NAF", "SAF", "IN", "SEAS", "NEAS"]
    """Where Cloudflare checks from (Cloudflare, "Health Checks regions")."""

    @rule
    def _a_check_ends_before_the_next(self) -> Iterator[Problem]:
        if self.timeout_seconds >= self.interval_seconds:
            yield Problem(
                path=("timeout_seconds",),
                text=f"{self.timeout_seconds} is not below interval_seconds {self.interval_seconds}; want less",
            )


class EdgeSettings(Block):
    """The edge in front of the regions, as its stack file has it."""

    environment: Environment
    """Label of the stack in names: 1 to 12 lower-case letters and digits."""
    role: Literal["edge"]
    """What the stack is; the regions' stacks are primary or standby."""
    domain: Domain
    """Domain of the platform, without scheme: the zone at Cloudflare."""
    live: str
    """The stack that visitors reach: one of regions."""
    regions: Annotated[list[Environment], Field(min_length=1, max_length=2), AfterValidator(distinct)]
    """The region stacks behind it: a pair, or a single one."""
    topology: Annotated[int, Field(ge=1)] = 1
    """Counts the changes of live: a file with a lower number than the stack has recorded is refused, since it is older.
    "ops dr" raises it; if you change live by hand, raise it too."""
    zone_id: CloudflareId
    """Cloudflare's id of the zone: 32 hexadecimal digits."""
    cloudflare_account_id: CloudflareId
    """Cloudflare's id of the account that has the zone: 32 hexadecimal digits."""
    plan: Plan
    """The zone's plan at Cloudflare, which limits rate limiting, health checks and caching."""
    admin_emails: Emails
    """Who may sign in to the admin panel and the monitoring: at least one address outside the domain."""
    notification_emails: Emails
    """Who gets Cloudflare's notifications: at least one address outside the domain, because the domain's own mail may
    fail.
    """
    allow_destroy_of: str | None = None
    """Name of the environment, to lift the protection before `pulumi destroy`."""
    tls: TlsSettings
    """What browsers are told about TLS."""
    access: AccessSettings
    """The login in front of admin panel and monitoring."""
    webhooks: Webhooks
    """The services that call the application, by name, as in the regions' stacks."""
    mail: MailSettings | None = None
    """The domain's mail records; without it, the zone's existing records are left alone."""
    firewall: FirewallSettings
    """Firewall rules and rate limits."""
    health_checks: HealthCheckSettings
    """Cloudflare's checks of the regions."""

    @property
    def protected(self) -> bool:
        """Whether what must not vanish refuses its deletion."""
        return self.allow_destroy_of is None

    @rule
    def _the_live_one_is_of_the_pair(self) -> Iterator[Problem]:
        if self.live not in self.regions:
            wanted = " or ".join(self.regions)
            yield Problem(
                path=("live",),
                text=f"{shown(self.live)} is not one of regions; want {wanted}{closest(self.live, self.regions)}",
            )

    @rule
    def _the_edge_is_no_region(self) -> Iterator[Problem]:
        if self.environment in self.regions:
            yield Problem(
                path=("regions", self.regions.index(self.environment)),
                text=f"{shown(self.environment)} is this stack itself; want stacks of regions",
            )

    @rule
    def _zone_and_account_differ(self) -> Iterator[Problem]:
        if self.zone_id == self.cloudflare_account_id:
            yield Problem(
                path=("cloudflare_account_id",), text="is the same as zone_id; want the account's own 32 digits"
            )

    @rule
    def _somebody_can_be_reached_whatever_the_domain_does(self) -> Iterator[Problem]:
        for name, emails in (("admin_emails", self.admin_emails), ("notification_emails", self.notification_emails)):
            yield from out_of_reach(name, emails, self.domain)

    @rule
    def _destruction_is_named(self) -> Iterator[Problem]:
        yield from misnamed(self.allow_destroy_of, self.environment)

    @rule
    def _rates_are_within_the_plan(self) -> Iterator[Problem]:
        bounds = PLANS[self.plan]
        for name, limit in (("login", self.firewall.login), ("api", self.firewall.api)):
            for key, seconds, most in (
                ("period_seconds", limit.period_seconds, bounds.longest_period_seconds),
                ("block_seconds", limit.block_seconds, bounds.longest_block_seconds),
            ):
                if seconds > most:
                    yield Problem(
                        path=("firewall", name, key),
                        text=f"{seconds} is more than plan {self.plan} allows; want {most} or less",
                    )

    @rule
    def _checks_are_within_the_plan(self) -> Iterator[Problem]:
        least = PLANS[self.plan].shortest_check_seconds
        if self.health_checks.interval_seconds < least:
            yield Problem(
                path=("health_checks", "interval_seconds"),
                text=f"{self.health_checks.interval_seconds} is less than plan {self.plan} allows; "
                f"want {least} or more",
            )
