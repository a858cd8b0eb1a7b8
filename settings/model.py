"""All settings of a region's stack, and the rules between its blocks."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.cache import CacheSettings
from settings.database import DatabaseSettings
from settings.hosts import unstable
from settings.network import NetworkSettings, distinct
from settings.problems import Problem, closest, shown
from settings.retention import KeysSettings, SecretsSettings, StorageSettings
from settings.shapes import REGIONS, AccountId, CostCenter, Domain, Environment, Region
from settings.web import WebSettings
from settings.workers import WorkersSettings


class Settings(Block):
    """One region of the platform, as its stack file has it."""

    environment: Environment
    """Label of the stack in names and tags: 1 to 12 lower-case letters and digits; a hyphen would let the names of two
    stacks meet."""
    role: Literal["primary", "standby"]
    """What the region is in the pair."""
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
    web: WebSettings
    """Load balancer and web instances."""
    workers: WorkersSettings
    """Queues and worker instances."""

    @property
    def protected(self) -> bool:
        """Whether stateful resources refuse their deletion."""
        return self.allow_destroy_of is None

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
    def _destruction_is_named(self) -> Iterator[Problem]:
        if self.allow_destroy_of not in (None, self.environment):
            yield Problem(
                path=("allow_destroy_of",),
                text=f"{shown(self.allow_destroy_of)} is not this stack's environment; "
                f"want {self.environment}, or no such key to keep the protection",
            )

    @rule
    def _primary_database_survives_a_zone(self) -> Iterator[Problem]:
        if self.role == "primary" and not self.database.multi_az:
            yield Problem(
                path=("database", "multi_az"), text="false leaves a primary on one zone; want true for role primary"
            )

    @rule
    def _web_survives_a_zone(self) -> Iterator[Problem]:
        zones = len(self.network.availability_zones)
        for name, color in (("blue", self.web.blue), ("green", self.web.green)):
            if color.weight > 0:
                found = unstable(color.min_size, self.web.required_instances, zones)
                yield from (problem.under(("web", name)) for problem in found)

    @rule
    def _workers_survive_a_zone(self) -> Iterator[Problem]:
        zones = len(self.network.availability_zones)
        found = unstable(self.workers.min_size, self.workers.required_instances, zones)
        yield from (problem.under(("workers",)) for problem in found)
