"""What each Cloudflare plan allows, of the features that the edge uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator

Plan = Literal["pro", "business", "enterprise"]
"""The free plan has neither the managed rules, nor the OWASP rules, nor health checks (Cloudflare, "Plans")."""

SUPPORTED_SECONDS = (10, 60, 120, 300, 600, 3600, 86_400)
"""Periods of rate limits (Cloudflare WAF, "Rate limiting rules": allowed by both availability and parameters)."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The maximum seconds of a rate limit's period and block, and the minimum interval of a health check.

    Sources: Cloudflare WAF, "Rate limiting rules", availability; "Health Checks", minimum interval.
    """

    longest_period_seconds: int
    longest_block_seconds: int
    shortest_check_seconds: int


PLANS: Mapping[str, Bounds] = {
    "pro": Bounds(longest_period_seconds=60, longest_block_seconds=3600, shortest_check_seconds=60),
    "business": Bounds(longest_period_seconds=600, longest_block_seconds=86_400, shortest_check_seconds=15),
    "enterprise": Bounds(longest_period_seconds=65_535, longest_block_seconds=86_400, shortest_check_seconds=10),
}


def _supported(seconds: int) -> int:
    if seconds not in SUPPORTED_SECONDS:
        nearest = min(SUPPORTED_SECONDS, key=lambda supported: abs(supported - seconds))
        raise ValueError(f"is not a period that Cloudflare supports; the nearest is {nearest}")
    return seconds


SupportedSeconds = Annotated[int, AfterValidator(_supported)]
