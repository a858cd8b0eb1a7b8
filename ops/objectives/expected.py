"""How long a failover takes in the real clouds: the steps, what each waits for, and the critical path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ops.objectives import sources
from ops.objectives.sources import Basis, Source

Posture = Literal["pilot-light", "warm"]

LIMIT_MINUTES: Mapping[Posture, float] = {"pilot-light": 30.0, "warm": 12.0}
"""The maximum time of an activation and the flip after the decision, by posture."""

CONFIRM, PREFLIGHT, PLAN = "read the estimate and confirm", "preflight and fence", "plan of the change"
PROMOTE, BACK_UP, CONVERT = "promote the replica", "first backup of the database", "convert to Multi-AZ"
CREATE_CACHE, ENDPOINTS = "create the cache", "endpoints in every zone"
BOOT, HEALTH = "start the instances", "first health check"
GATES, FLIP, SPREAD = "gates", "flip the records", "records reach every site"


@dataclass(frozen=True, kw_only=True)
class Standby:
    """The properties of a standby on which times depend.

    `keeps_backups`: the replica already has its own automated backups; `two_zones`: and a standby in a second zone.
    """

    posture: Posture
    warmup_seconds: int
    keeps_backups: bool
    two_zones: bool


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A step with its range in minutes. It starts when all of `after` have ended."""

    name: str
    least: float
    most: float
    source: Source
    after: tuple[str, ...] = ()
    change: str = ""
    """What to change if the step takes too long."""


PHASES = (
    Phase(name=CONFIRM, least=1, most=2, source=sources.ESTIMATE),
    Phase(name=PREFLIGHT, least=0.1, most=0.5, source=sources.COMMAND, after=(CONFIRM,)),
    Phase(name=PLAN, least=0.2, most=0.5, source=sources.COMMAND, after=(PREFLIGHT,)),
    Phase(
        name=PROMOTE,
        least=2,
        most=6,
        source=sources.PROMOTION,
        after=(PLAN,),
        change="a database that replicates its storage (Aurora) is promoted faster; nothing else of ours is",
    ),
    Phase(
        name=BACK_UP,
        least=5,
        most=60,
        source=sources.FIRST_BACKUP,
        after=(PROMOTE,),
        change="keep automated backups on the replica, then a promotion needs no full one",
    ),
    Phase(
        name=CONVERT,
        least=10,
        most=30,
        source=sources.MULTI_AZ,
        after=(PROMOTE, BACK_UP),
        change="give the replica its second zone in normal operation, or convert in a second run after the flip",
    ),
    Phase(
        name=CREATE_CACHE,
        least=9,
        most=15,
        source=sources.CACHE,
        after=(PLAN,),
        change="keep the cache running: posture warm",
    ),
    # The change ends when they exist; instances start meanwhile, and use those of the other zone.
    Phase(
        name=ENDPOINTS,
        least=1,
        most=10,
        source=sources.ENDPOINTS,
        after=(PLAN,),
        change="keep an endpoint in every zone: network.pilot_light_endpoints per_zone",
    ),
    # In parallel to the database, which instances do not need when they start. At most the warm-up.
    Phase(
        name=BOOT,
        least=2,
        most=float("inf"),
        source=sources.BOOT,
        after=(PLAN,),
        change="start from an image with the packages in it, and lower web.warmup_seconds",
    ),
    Phase(name=HEALTH, least=0.1, most=0.5, source=sources.TARGET_HEALTH, after=(BOOT,)),
    Phase(
        name=GATES,
        least=0.1,
        most=0.5,
        source=sources.COMMAND,
        after=(PROMOTE, BACK_UP, CONVERT, CREATE_CACHE, ENDPOINTS, HEALTH),
    ),
    Phase(name=FLIP, least=0.1, most=0.5, source=sources.COMMAND, after=(GATES,)),
    Phase(name=SPREAD, least=0.1, most=1, source=sources.PROPAGATION, after=(FLIP,)),
)
"""Every step, in an order in which each comes after those it waits for."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The steps of one posture, the critical path, and its length in minutes."""

    posture: Posture
    steps: tuple[Phase, ...]
    path: tuple[str, ...]
    least: float
    most: float
    limit: float

    @property
    def within(self) -> bool:
        """Whether even the slow case is within the limit."""
        return self.most <= self.limit

    @property
    def assumed(self) -> float:
        """Minutes of the path that are assumptions."""
        deciding = [step for step in self.steps if step.name in self.path]
        return sum(step.most for step in deciding if step.source.basis is Basis.ASSUMED)

    def verdict(self) -> str:
        """The total, and if that is over the limit, each step to change."""
        verdict = f"{self.posture}: {self.least:.0f} to {self.most:.1f} min from the decision, limit {self.limit:.0f}"
        if self.within:
            return f"{verdict}; {self.assumed:.1f} of them assumed"
        changes = "; ".join(f"'{step.name}': {step.change}" for step in self.to_change())
        return f"{verdict}: over; to change: {changes}"

    def to_change(self) -> list[Phase]:
        """The steps whose change would meet the limit: repeatedly the longest changeable one on the path."""
        changed: list[Phase] = []
        left = self
        while not left.within and (longest := left._longest_to_change()):
            changed.append(longest)
            left = _table(self.posture, [replace(s, most=0.0, change="") if s in changed else s for s in self.steps])
        return changed

    def _longest_to_change(self) -> Phase | None:
        changeable = [step for step in self.steps if step.name in self.path and step.change]
        return max(changeable, key=lambda step: step.most, default=None)


def expected(standby: Standby) -> Expected:
    """The table of a posture, for the declared standby."""
    return _table(standby.posture, _steps(standby))


def _table(posture: Posture, steps: Sequence[Phase]) -> Expected:
    path, most = _longest(steps)
    _, least = _longest([replace(step, most=min(step.least, step.most)) for step in steps])
    limit = LIMIT_MINUTES[posture]
    return Expected(posture=posture, steps=tuple(steps), path=path, least=least, most=most, limit=limit)


def _steps(standby: Standby) -> list[Phase]:
    """The steps that remain for such a standby."""
    warm, boot = standby.posture == "warm", standby.warmup_seconds / 60
    spared = {BACK_UP: standby.keeps_backups, CONVERT: standby.two_zones, CREATE_CACHE: warm, ENDPOINTS: warm}
    left = {step.name: step for step in PHASES if not spared.get(step.name)}
    left[BOOT] = replace(left[BOOT], least=min(left[BOOT].least, boot), most=boot)
    return [replace(step, after=tuple(name for name in step.after if name in left)) for step in left.values()]


def _longest(steps: Sequence[Phase]) -> tuple[tuple[str, ...], float]:
    """The longest path to the last step, and its length."""
    ends: dict[str, tuple[float, tuple[str, ...]]] = {}
    for step in steps:
        before = max((ends[name] for name in step.after), key=lambda end: end[0], default=(0.0, ()))
        ends[step.name] = (before[0] + step.most, (*before[1], step.name))
    total, path = ends[SPREAD]
    return path, total
