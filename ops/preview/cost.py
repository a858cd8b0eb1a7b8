"""The monthly cost of a change at list prices: resources whose price changes, and changed ones without a price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.preview.changes import CREATED, DELETED, OPERATIONS, About, masked
from ops.prices.charges import BY_USAGE, CHARGED, GROUP
from ops.prices.declared import Declared, declared
from ops.prices.estimate import Estimate, monthly
from ops.prices.price_file import PriceFile

CHARGEABLE = frozenset({*CHARGED, *BY_USAGE, GROUP})
NOTHING = Estimate(usd=Decimal(0), why="")


@dataclass(frozen=True, kw_only=True)
class Cost(About):
    """A resource whose cost changes: US dollars per month before and after, None if no price is known.

    `why` is the calculation, or what is missing.
    """

    before: str | None
    after: str | None
    why: str

    @property
    def delta(self) -> Decimal | None:
        """The difference in US dollars per month."""
        return None if self.before is None or self.after is None else Decimal(self.after) - Decimal(self.before)


def costs(stack: str, steps: Iterable[Mapping[str, Any]], prices: PriceFile | None = None) -> list[Cost]:
    """The costs that the steps of a preview change. Raises OpsError if the price file cannot be read."""
    known = [step for step in steps if step["op"] in OPERATIONS]
    old = _states(known, "oldState", CREATED)
    new = _states(known, "newState", DELETED)
    prices = prices or PriceFile.read()
    found = (_cost(stack, urn, old.get(urn), new.get(urn), prices) for urn in sorted({*old, *new}))
    return [each for each in found if each]


def _states(steps: list[Mapping[str, Any]], side: str, without: str) -> dict[str, Declared]:
    states = [step[side] for step in steps if step.get(side) and OPERATIONS[step["op"]] != without]
    return {each.urn: each for each in declared(states) if each.type in CHARGEABLE}


def _cost(stack: str, urn: str, old: Declared | None, new: Declared | None, prices: PriceFile) -> Cost | None:
    there = new or old
    if there is None or (old and new and masked(old.inputs) == masked(new.inputs) and old.template == new.template):
        return None
    before, after = _estimate(old, prices), _estimate(new, prices)
    if before.usd is not None and before.usd == after.usd:
        return None
    return Cost(
        stack=stack,
        type=there.type,
        name=urn.rpartition("::")[2],
        before=_text(before.usd),
        after=_text(after.usd),
        why=after.why or before.why,
    )


def _estimate(resource: Declared | None, prices: PriceFile) -> Estimate:
    if resource is None:
        return NOTHING
    return monthly(resource.type, resource.inputs, resource.region, template=resource.template, prices=prices)


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)
