"""The recovery block: how long an outage may last, how much data may be lost, and when a standby is too far behind."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from settings.block import Block, rule
from settings.problems import Problem

Minutes = Annotated[int, Field(ge=1, le=1440)]
"""A day at most: our bound, to catch typing errors."""


class RecoverySettings(Block):
    """The recovery objectives of the pair when a region is lost."""

    rto_minutes: Minutes
    """Minutes from the decision until the other region serves."""
    rpo_minutes: Minutes
    """Minutes of data that may be lost."""
    max_replica_lag_seconds: Annotated[int, Field(ge=1, le=3600)]
    """Seconds of replica lag above which an alarm is raised and an activation is refused; at most rpo_minutes."""

    @rule
    def _lag_keeps_the_promise(self) -> Iterator[Problem]:
        if self.max_replica_lag_seconds > self.rpo_minutes * 60:
            yield Problem(
                path=("max_replica_lag_seconds",),
                text=f"{self.max_replica_lag_seconds} is above rpo_minutes {self.rpo_minutes}; "
                f"want {self.rpo_minutes * 60} or less",
            )
