"""The monthly cost of a resource, only from the cached prices: no call, no guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.prices.charges import Charge, NoPriceError, charges
from ops.prices.price_file import Price, PriceFile

REFRESH = "run `ops prices refresh`"
CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """US dollars per month, or None; `why` is the calculation, or what is missing."""

    usd: Decimal | None
    why: str


def monthly(
    kind: str,
    inputs: Mapping[str, Any],
    region: str,
    *,
    template: Mapping[str, Any] | None = None,
    prices: PriceFile | None = None,
) -> Estimate:
    """The monthly cost of a resource with a Pulumi type and inputs in a region, used or not.

    `template` are the inputs of an Auto Scaling group's launch template. `prices` are by default those of the file
    beside the stack files. Raises OpsError if that cannot be read.
    """
    try:
        parts = charges(kind, inputs, region, template)
    except NoPriceError as reason:
        return Estimate(usd=None, why=str(reason))
    if not parts:
        return Estimate(usd=Decimal(0), why="no charge for being there")
    known = (prices or PriceFile.read()).prices
    answers = [known.get(part.question) or Price(question=part.question, why=REFRESH) for part in parts]
    if missing := [f"no price of {answer.question}: {answer.why}" for answer in answers if answer.usd is None]:
        return Estimate(usd=None, why="; ".join(dict.fromkeys(missing)))
    counted = [(part, each.usd) for part, each in zip(parts, answers, strict=True) if each.usd is not None]
    total = sum((part.monthly * usd for part, usd in counted), Decimal(0))
    return Estimate(usd=total.quantize(CENT), why="; ".join(_sum(part, usd) for part, usd in counted))


def _sum(part: Charge, usd: Decimal) -> str:
    return f"{part.what}: {part.monthly.normalize():f} x {usd.normalize():f}"
