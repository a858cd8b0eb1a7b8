"""The web block: the load balancer and the blue and green groups behind it."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.hosts import ApplicationHostSettings, GroupSize, Seconds, out_of_order
from settings.problems import Problem, closest
from settings.shapes import Percent, Release

TLS_POLICIES = tuple(
    f"ELBSecurityPolicy-TLS13-1-{level}-{edition}"
    for edition in ("2021-06", "PQ-2025-09")
    for level in ("2", "2-Res", "2-Ext1", "2-Ext2", "3")
)
"""The policies that offer TLS 1.3 and refuse 1.1, AWS's recommendation first (ELB User Guide, "Security policies for
your Application Load Balancer")."""


def _tls_policy(value: str) -> str:
    if value not in TLS_POLICIES:
        nearest = closest(value, TLS_POLICIES) or f"; want one such as {TLS_POLICIES[0]}"
        raise ValueError(f"is not an ELB policy that offers TLS 1.3 and refuses 1.1{nearest}")
    return value


class ColorSettings(Block):
    """One of the two groups of web instances."""

    weight: Annotated[int, Field(ge=0, le=100)]
    """Share of the traffic in percent; blue and green make 100."""
    min_size: GroupSize
    """Instances at least."""
    max_size: GroupSize
    """Instances at most."""
    release: Release = ""
    """Release that the instances run; without one they run no application."""

    @rule
    def _sizes_in_order(self) -> Iterator[Problem]:
        yield from out_of_order(self.min_size, self.max_size)


class WebSettings(ApplicationHostSettings):
    """The web tier."""

    warm_min_size: Annotated[int, Field(ge=1, le=500)]
    """Instances of each group while the region is a warm standby; at most required_instances, because a standby has
    time to replace those of a lost zone.
    """
    blue: ColorSettings
    """The blue group."""
    green: ColorSettings
    """The green group."""
    target_cpu_percent: Percent
    """Target CPU utilization of a group, in percent; above it, the group scales out."""
    target_memory_percent: Percent
    """Target memory utilization of a group, in percent; above it, the group scales out."""
    deregistration_delay_seconds: Seconds
    """Seconds that requests in flight have to finish when an instance is deregistered: 0 to 3600 (ELB API,
    TargetGroupAttribute).
    """
    rollback_window_minutes: Annotated[int, Field(ge=0, le=10080)]
    """Minutes for which the former release's instances are kept after a deployment, so that `ops deploy rollback` can
    return to them: a week at most, after which each instance has been replaced.
    """
    waf_requests_per_5_minutes: Annotated[int, Field(ge=10, le=2_000_000_000)]
    """Requests of one client in five minutes beyond which WAF blocks it (WAF API, RateBasedStatement)."""
    tls_policy: Annotated[str, AfterValidator(_tls_policy)]
    """ELB security policy of the HTTPS listener."""

    @rule
    def _warm_is_not_full(self) -> Iterator[Problem]:
        if self.warm_min_size > self.required_instances:
            yield Problem(
                path=("warm_min_size",),
                text=f"{self.warm_min_size} is above required_instances {self.required_instances}; "
                f"want 1 to {self.required_instances}",
            )

    @rule
    def _weights_share_the_traffic(self) -> Iterator[Problem]:
        total = self.blue.weight + self.green.weight
        if total != 100:
            yield Problem(
                path=("blue", "weight"),
                text=f"{self.blue.weight} and green.weight {self.green.weight} make {total}; "
                f"want 100 together: {self.blue.weight} and {100 - self.blue.weight}",
            )
