"""Where a component stands: the names of its stack, its region, and whether its data refuses deletion."""

from __future__ import annotations

from dataclasses import dataclass

from naming import Naming


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every component of a region is given alike.

    Values alone: the other components that one needs are arguments of their own, since they are the architecture.
    `region` is that of the component's provider. `protected` resources refuse their deletion. `boundary` is the ARN of
    the permissions boundary of every role.
    """

    naming: Naming
    region: str
    protected: bool
    boundary: str | None = None
