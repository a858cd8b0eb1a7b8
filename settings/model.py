"""All settings of a region's stack, and the rules between its blocks."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.cache import CacheSettings
from settings.database import DatabaseSettings
from settings.destruction import misnamed
from settings.hosts import Capacity, HostSettings, too_few
from settings.logs import LogsSettings
from settings.mail import out_of_reach
from settings.monitoring import MonitoringSettings
from settings.network import NetworkSettings, distinct
from settings.offsite import OffsiteSettings, disturbed, misplaced, unkept, useless
from settings.problems import Problem, closest, shown
from settings.recovery import RecoverySettings
from settings.retention import KeysSettings, SecretsSettings, StorageSettings
from settings.shapes import REGIONS, AccountId, CostCenter, Domain, EmailAddress, Environment, PolicyName, Region
from settings.vpn import VpnSettings, elsewhere
from settings.web import WebSettings
from settings.webhooks import Webhooks
from settings.workers import WorkersSettings


class Settings(Block):
    """One region of the platform, as its stack file defines it."""

    environment: Environment
    """Label of the stack in names and tags: 1 to 12 lower-case letters and digits; with a hyphen, names of two stacks
    could collide."""
    role: Literal["primary", "standby"]
    """Role of the region in its pair; a stack without a pair is a primary."""
    follows: Environment | None = None
    """The other stack of the pair, which this one replicates from while it is a standby that is not activated. A stack
    without it has no standby.
    """
    activated: bool = False
    """Whether a standby has taken over; false for a primary."""
    posture: Literal["pilot-light", "warm"] | None = None
    """What a standby keeps running: pilot-light only data and the monitoring host, warm also the cache and some
    instances. Both stacks of a pair have it, because either can become the standby.
    """
    fenced: bool = False
    """Whether writes are prevented here: no instances of the application run, and no host reaches the database."""
    topology: Annotated[int, Field(ge=1)] = 1
    """Counts the changes of role, fence and generation of the database: a file with a lower number than its stack has
    recorded is refused, since it is older. "ops dr" raises it; if you change one of these by hand, raise it too."""
    survives_zone_loss: bool
    """Whether the region keeps serving when it loses a zone: its database has a standby in another zone, and each
    group has enough instances in the other zones."""
    region: str
    """AWS region: one of data_residency_regions."""
    data_residency_regions: Annotated[list[Region], Field(min_length=1), AfterValidator(distinct)]
    """AWS regions in which personal data may be (GDPR, articles 44 to 46)."""
    account_id: AccountId
    """AWS account: 12 digits in quotes; credentials of another account are refused."""
    cost_center: CostCenter
    """Value of the tag CostCenter."""
    domain: Domain
    """Domain of the platform, without scheme; 64 characters at most (ACM API, RequestCertificate)."""
    alarm_emails: Annotated[list[EmailAddress], Field(min_length=1), AfterValidator(distinct)]
    """Email addresses that receive alarms: at least one outside the domain, because the domain's own mail may fail.
    Each must confirm its subscription once.
    """
    recovery: RecoverySettings | None = None
    """Recovery objectives for the loss of a region; none for a stack without a pair and without copies."""
    offsite: OffsiteSettings | None = None
    """Copies outside the region; a pair has them."""
    permissions_boundary: PolicyName | None = None
    """Name of the IAM policy that is the permissions boundary of every role of the stack. The account's stack declares
    it, and its deployment roles cannot create a role without it.
    """
    allow_destroy_of: str | None = None
    """Name of the environment, to lift the protection of its stateful resources before `pulumi destroy`."""
    network: NetworkSettings
    """The VPC."""
    keys: KeysSettings
    """The KMS keys."""
    secrets: SecretsSettings
    """The secrets in Secrets Manager."""
    storage: StorageSettings
    """The S3 buckets."""
    database: DatabaseSettings
    """RDS for MySQL."""
    cache: CacheSettings
    """ElastiCache for Redis."""
    webhooks: Webhooks
    """The services that call the application, by name, as in the edge's stack."""
    web: WebSettings
    """Load balancer and web instances."""
    workers: WorkersSettings
    """Queues and worker instances."""
    monitoring: MonitoringSettings | None = None
    """The host that monitors the region, the other region and the edge; without it, there is only CloudWatch."""
    vpn: VpnSettings | None = None
    """How people reach the database and the bastion; without it, they only have Session Manager."""
    bastion: HostSettings | None = None
    """The SSH jump host from the VPN to the other hosts, which an operator starts when needed; without it, no host can
    be reached by SSH.
    """
    logs: LogsSettings = LogsSettings()
    """How the region's logs are searched and archived."""

    @property
    def protected(self) -> bool:
        """Whether stateful resources are protected from deletion."""
        return self.allow_destroy_of is None

    @property
    def following(self) -> bool:
        """Whether the region follows: its database is a replica of the other stack's."""
        return self.role == "standby" and not self.activated

    @property
    def writes(self) -> bool:
        """Whether the application may write here."""
        return not self.following and not self.fenced

    @property
    def capacity(self) -> Capacity:
        """How many web and worker instances run."""
        if self.writes:
            return Capacity.FULL
        return Capacity.WARM if self.posture == "warm" and not self.fenced else Capacity.NONE

    @property
    def cached(self) -> bool:
        """Whether the cache runs: a pilot light has one only once it is activated."""
        return self.posture == "warm" or not self.following

    @property
    def cache_is_permanent(self) -> bool:
        """Whether the cache stays when the region's activation ends: a pilot light's is deleted then."""
        return self.posture != "pilot-light"

    @property
    def endpoint_zone(self) -> str | None:
        """The letter of the only zone with interface endpoints; None if every zone has them."""
        idle = self.following and self.posture == "pilot-light"
        if not idle or self.network.pilot_light_endpoints == "per_zone":
            return None
        return self.monitoring.zone if self.monitoring else min(self.network.zones)

    @property
    def apply_immediately(self) -> bool:
        """Whether changes to the database apply immediately: by the setting, or for a promotion."""
        promoted = self.role == "standby" or self.database.generation > 1
        return promoted or self.database.changes_apply == "now"

    @property
    def home(self) -> str:
        """The environment that owns the data buckets, of which a pair of stacks has one pair."""
        return self.offsite.home if self.offsite else self.environment

    @property
    def is_home(self) -> bool:
        """Whether the data buckets are this stack's."""
        return self.environment == self.home

    @rule
    def _somebody_is_told_whatever_the_domain_does(self) -> Iterator[Problem]:
        yield from out_of_reach("alarm_emails", self.alarm_emails, self.domain)

    @rule
    def _pair_has_two(self) -> Iterator[Problem]:
        if self.follows == self.environment:
            yield Problem(
                path=("follows",),
                text=f"{shown(self.follows)} is this stack itself; want the other stack of the pair",
            )

    @rule
    def _a_standby_follows(self) -> Iterator[Problem]:
        if self.role == "standby" and self.follows is None:
            yield Problem(path=("follows",), text="is missing; want the stack that this standby follows")

    @rule
    def _a_pair_says_what_it_promises(self) -> Iterator[Problem]:
        if self.follows is None:
            return
        for name, value in (("posture", self.posture), ("offsite", self.offsite)):
            if value is None:
                yield Problem(path=(name,), text=f"is missing; want it, because follows {self.follows} makes a pair")

    @rule
    def _copies_need_a_promise(self) -> Iterator[Problem]:
        if self.recovery is None and self.offsite is not None:
            yield Problem(
                path=("recovery",), text="is missing; want it, because offsite is checked against its rpo_minutes"
            )

    @rule
    def _only_a_standby_is_activated(self) -> Iterator[Problem]:
        if self.role == "primary" and self.activated:
            yield Problem(path=("activated",), text="true is not for a primary; want false, or role standby")

    @rule
    def _copies_are_where_they_help(self) -> Iterator[Problem]:
        if self.offsite:
            found = misplaced(self.offsite, self.environment, self.region, self.follows)
            yield from (problem.under(("offsite",)) for problem in found)

    @rule
    def _copies_survive_the_account(self) -> Iterator[Problem]:
        if self.offsite:
            home_region = self.region if self.is_home else None
            found = useless(self.offsite, self.account_id, home_region)
            yield from (problem.under(("offsite",)) for problem in found)

    @rule
    def _copies_keep_the_promise(self) -> Iterator[Problem]:
        if self.offsite and self.recovery:
            found = unkept(self.recovery.rpo_minutes)
            yield from (problem.under(("recovery",)) for problem in found)

    @rule
    def _daily_copy_is_undisturbed(self) -> Iterator[Problem]:
        if self.offsite:
            found = disturbed(self.offsite, self.database.maintenance_window, self.database.backup_window)
            yield from (problem.under(("offsite",)) for problem in found)

    @rule
    def _copies_stay_where_they_may_be(self) -> Iterator[Problem]:
        if self.offsite and self.offsite.region not in self.data_residency_regions:
            yield Problem(
                path=("offsite", "region"),
                text=f"{shown(self.offsite.region)} is not in data_residency_regions; "
                f"want {' or '.join(self.data_residency_regions)}",
            )

    @rule
    def _data_stays_where_it_may_be(self) -> Iterator[Problem]:
        allowed = self.data_residency_regions
        if self.region not in allowed:
            known = self.region in REGIONS
            what, slip = (
                ("in data_residency_regions", "") if known else ("an AWS region", closest(self.region, allowed))
            )
            yield Problem(
                path=("region",), text=f"{shown(self.region)} is not {what}; want {' or '.join(allowed)}{slip}"
            )

    @rule
    def _zones_are_of_the_region(self) -> Iterator[Problem]:
        if self.region not in self.data_residency_regions:
            return
        for position, zone in enumerate(self.network.availability_zones):
            if zone[:-1] != self.region:
                yield Problem(
                    path=("network", "availability_zones", position),
                    text=f"{zone!r} is not a zone of {self.region}; want {self.region} and a letter, "
                    f"such as {self.region}{zone[-1]}",
                )

    @rule
    def _monitoring_has_a_zone(self) -> Iterator[Problem]:
        letters = [zone[-1] for zone in self.network.availability_zones]
        if self.monitoring and self.monitoring.zone not in letters:
            yield Problem(
                path=("monitoring", "zone"),
                text=f"{shown(self.monitoring.zone)} is not a zone of network.availability_zones; "
                f"want {' or '.join(letters)}",
            )

    @rule
    def _the_vpn_is_of_the_region(self) -> Iterator[Problem]:
        if self.vpn and self.region in self.data_residency_regions:
            found = elsewhere(self.vpn, self.region, self.account_id)
            yield from (problem.under(("vpn",)) for problem in found)

    @rule
    def _a_bastion_has_a_way_in(self) -> Iterator[Problem]:
        if self.bastion and self.vpn is None:
            yield Problem(path=("vpn",), text="is missing; want it, because nothing else reaches the bastion")

    @rule
    def _destruction_is_named(self) -> Iterator[Problem]:
        yield from misnamed(self.allow_destroy_of, self.environment)

    @rule
    def _database_survives_a_zone(self) -> Iterator[Problem]:
        # Also for a standby: an activation must not be the first time that it is refused.
        if self.survives_zone_loss and not self.database.multi_az:
            yield Problem(
                path=("database", "multi_az"),
                text="false leaves the database in one zone; want true, or survives_zone_loss false",
            )

    @rule
    def _web_carries_the_load(self) -> Iterator[Problem]:
        for name, color in (("blue", self.web.blue), ("green", self.web.green)):
            if color.weight > 0:
                found = too_few(color.min_size, self.web.required_instances, self._zones_to_lose)
                yield from (problem.under(("web", name)) for problem in found)

    @rule
    def _workers_carry_the_load(self) -> Iterator[Problem]:
        found = too_few(self.workers.min_size, self.workers.required_instances, self._zones_to_lose)
        yield from (problem.under(("workers",)) for problem in found)

    @property
    def _zones_to_lose(self) -> int | None:
        """The number of zones, of which one may be lost."""
        return len(self.network.availability_zones) if self.survives_zone_loss else None
