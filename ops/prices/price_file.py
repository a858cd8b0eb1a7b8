"""The dated price file in the repository: questions, AWS's answers, time and region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from ops.core.stack_files import CHECKOUT, project_folder, replace
from ops.errors import OpsError
from ops.prices.charges import Question
from yaml_text import YamlTextError, parse

NAME = "prices.yaml"
HEAD = """\
# AWS's list prices, on demand, in US dollars: written by `ops prices refresh`, never by hand but for endpoint_region.
# A row without `usd` says in `why` what was missing. An empty list: no price has been asked for yet.
"""


@dataclass(frozen=True, kw_only=True)
class Price:
    """AWS's answer to a question: `usd` for one `unit`, or why there is none."""

    question: Question
    usd: Decimal | None = None
    unit: str = ""
    sku: str = ""
    effective: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceFile:
    """The prices, with the region and time of the request. `endpoint_region` holds the Price List's endpoint."""

    endpoint_region: str
    asked: str = ""
    source: str = ""
    prices: Mapping[Question, Price] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None = None) -> "PriceFile":
        """The file's content. Raises OpsError if it cannot be read."""
        path = path or readable()
        try:
            content: dict[str, Any] = parse(path.read_text())
            rows = [_price(row) for row in content.pop("prices") or []]
            return cls(**content, prices={row.question: row for row in rows})
        except YamlTextError as error:
            raise OpsError(f"{path}: {error}") from None
        except (OSError, UnicodeError, AttributeError, KeyError, TypeError, InvalidOperation) as error:
            raise OpsError(f"{path}: not a file of prices: {type(error).__name__}: {error}") from None

    def text(self) -> str:
        """The file's text: the same prices always give the same text."""
        rows = sorted(map(_row, self.prices.values()), key=_place)
        return HEAD + yaml.safe_dump(vars(self) | {"prices": rows}, sort_keys=False, width=120)

    def write(self, path: Path) -> None:
        """Replace the file atomically."""
        replace(path, self.text())


def file() -> Path:
    """Where the prices are written: beside the stack files, so that the sandbox's never reach the committed file."""
    return project_folder() / NAME


def readable() -> Path:
    """Where the prices are read: as committed until they are written beside the stack files."""
    return file() if file().is_file() else CHECKOUT / NAME


def _place(row: Mapping[str, Any]) -> list[Any]:
    return [row["region"], row["service"], row.get("usage", ""), sorted(row["filters"].items())]


def _row(price: Price) -> dict[str, Any]:
    usd = None if price.usd is None else str(price.usd)
    row = vars(price.question) | vars(price) | {"filters": dict(price.question.filters), "usd": usd}
    del row["question"]
    return {key: value for key, value in row.items() if value not in (None, "")}


def _price(row: Mapping[str, Any]) -> Price:
    filters = tuple(sorted(row["filters"].items()))
    asked = Question(service=row["service"], region=row["region"], filters=filters, usage=row.get("usage", ""))
    answer = {key: row.get(key, "") for key in ("unit", "sku", "effective", "why")}
    return Price(question=asked, usd=Decimal(row["usd"]) if "usd" in row else None, **answer)
