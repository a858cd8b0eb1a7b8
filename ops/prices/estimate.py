"""What a resource costs a month, from the cached prices alone: no call, no guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from ops.prices.charges import Charge, NoPriceError, charges
from ops.prices.price_file import Price, PriceFile, readable

REFRESH = "run `ops prices refresh`"
CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """US dollars a month, or None; `why` is the calculation, or what is missing."""

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
    """What a resource with a Pulumi type and inputs costs a month in a region, used or not.

    `template` are the inputs of an Auto Scaling group's launch template. `prices` are by default those of the file
    beside the stack files. Raises OpsError where that cannot be read.
    """
    try:
        parts = charges(kind, inputs, region, template)
    except NoPriceError as reason:
        return Estimate(usd=None, why=str(reason))
    if not parts:
        return Estimate(usd=Decimal(0), why="no charge for being there")
    known = prices or _cached(readable())
    found = [(part, known.prices.get(part.question)) for part in parts]
    if missing := [lack for part, price in found if (lack := _lack(part, price))]:
        return Estimate(usd=None, why="; ".join(dict.fromkeys(missing)))
    # `_lack` has seen that each has a price.
    counted = [(part, price.usd) for part, price in found if price and price.usd is not None]
    total = sum((part.monthly * usd for part, usd in counted), Decimal(0))
    return Estimate(usd=total.quantize(CENT), why="; ".join(_sum(part, usd) for part, usd in counted))


def _lack(part: Charge, price: Price | None) -> str:
    if price is None:
        return f"no price of {part.question}: {REFRESH}"
    if price.usd is None:
        return f"no price of {part.question}: {price.why}"
    return ""


def _sum(part: Charge, usd: Decimal) -> str:
    return f"{part.what}: {part.monthly.normalize():f} x {usd.normalize():f}"


def _cached(path: Path) -> PriceFile:
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> PriceFile:
    return PriceFile.read(path)
