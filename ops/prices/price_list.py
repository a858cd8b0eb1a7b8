"""AWS's Price List through boto3: one on-demand price for a question, or the reason why there is none."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ops.core import aws
from ops.errors import OpsError, one_line
from ops.prices.charges import Question
from ops.prices.price_file import Price

PERMISSION = "pricing:GetProducts"
REGION_PREFIX = r"([A-Z]{2,4}\d?-|[a-z]{2}(-[a-z]+)+-\d-)?"
"""Usage types of all regions but one begin with the region's code: EUC1-, EU-, or for KMS its name."""
HOURS = frozenset({"Hrs", "hours", "Hours", "Hour"})


class PriceList:
    """The Price List, with a client in a region that has its endpoint."""

    def __init__(self, region: str) -> None:
        self._client = aws.client("pricing", region)

    @property
    def address(self) -> str:
        """The region of the endpoint."""
        return str(self._client.meta.endpoint_url)

    def price(self, question: Question, hourly: bool) -> Price:
        """The answer. Raises OpsError if AWS cannot be reached."""
        try:
            products = [product for product in self._products(question) if _meant(product, question)]
        except aws.errors() as error:
            raise _explained(error) from None
        return _one(question, [found for product in products for found in _on_demand(product)], hourly=hourly)

    def _products(self, question: Question) -> Iterator[dict[str, Any]]:
        filters = [("regionCode", question.region), *question.filters]
        products = aws.rows(
            self._client,
            "get_products",
            ServiceCode=question.service,
            Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in filters],
            FormatVersion="aws_v1",
        )
        return map(json.loads, products)


def _meant(product: Mapping[str, Any], question: Question) -> bool:
    used = product["product"]["attributes"].get("usagetype", "")
    return not question.usage or bool(re.fullmatch(REGION_PREFIX + re.escape(question.usage), used))


def _on_demand(product: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """SKU, the day from which it is valid, and each price by amount."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            yield product["product"]["sku"], term["effectiveDate"][:10], dimension


def _one(question: Question, found: list[tuple[str, str, Mapping[str, Any]]], *, hourly: bool) -> Price:
    if not found:
        return Price(question=question, why="AWS lists no such product")
    if len(found) > 1:
        skus = ", ".join(sorted({sku for sku, _, _ in found}))
        return Price(question=question, why=f"AWS lists {len(found)} prices, by amount or product: {skus}")
    sku, effective, dimension = found[0]
    unit, usd = dimension["unit"], dimension["pricePerUnit"].get("USD")
    if usd is None or hourly != (unit in HOURS):
        return Price(question=question, why=f"AWS prices it in {', '.join(dimension['pricePerUnit'])} by {unit}")
    return Price(question=question, usd=Decimal(usd).normalize(), unit=unit, sku=sku, effective=effective)


def _explained(error: Exception) -> OpsError:
    from botocore.exceptions import ClientError, NoCredentialsError

    if isinstance(error, NoCredentialsError):
        return OpsError(
            f"AWS's Price List answers nobody without credentials: set those of a role that allows {PERMISSION}"
        )
    if isinstance(error, ClientError) and "AccessDenied" in error.response["Error"]["Code"]:
        return OpsError(f"these credentials may not ask AWS's Price List: allow {PERMISSION} on *")
    return OpsError(f"AWS's Price List cannot be asked: {one_line(error)}; nothing was written")
