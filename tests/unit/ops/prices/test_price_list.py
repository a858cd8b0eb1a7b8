"""Requests to AWS's Price List, and the parsing of its answers."""

import gzip
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from ops.core import aws
from ops.errors import OpsError
from ops.prices.charges import Question
from ops.prices.price_file import Price
from ops.prices.price_list import PriceList

REGION = "xx-north-1"
MORE: dict[str, Any] = {"NextToken": "more"}
NO_MORE: dict[str, Any] = {}
KEY = Question(service="awskms", region=REGION, filters=(("productFamily", "Encryption Key"),), usage="KMS-Keys")


def documented() -> dict[str, Any]:
    """The product of AWS's own example of GetProducts, as botocore ships it."""
    folder = Path(botocore.__file__).parent / "data" / "pricing" / "2017-10-15"
    file = next(folder.glob("examples-1.json*"))
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    example = json.loads(text)["examples"]["GetProducts"][0]["output"]["PriceList"][0]
    return dict(json.loads(example))


def variant(usage: str, sku: str = "SKU", unit: str = "Keys", usd: Mapping[str, str] | None = None) -> dict[str, Any]:
    """AWS's example with another usage type, unit and price."""
    product = documented()
    product["product"]["attributes"]["usagetype"] = usage
    product["product"]["sku"] = sku
    for term in product["terms"]["OnDemand"].values():
        for dimension in term["priceDimensions"].values():
            dimension |= {"unit": unit, "pricePerUnit": usd or {"USD": "1.0000000000"}}
    return product


@cache
def pricing() -> Any:
    """boto3's client, which takes a quarter of a second to make."""
    connect: Any = boto3.client
    return connect("pricing", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def asked_by_ops(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client that ops will use."""
    client = pricing()

    def made(_service: str, _region: str) -> Any:
        return client

    monkeypatch.setattr(aws, "client", made)
    return client


def answered(monkeypatch: pytest.MonkeyPatch, question: Question, *pages: list[dict[str, Any]], hourly: bool) -> Price:
    """The price where the Price List answers with the pages; botocore checks both sides against AWS's model."""
    client = asked_by_ops(monkeypatch)
    asked = {
        "ServiceCode": question.service,
        "FormatVersion": "aws_v1",
        "Filters": [
            {"Type": "TERM_MATCH", "Field": name, "Value": value}
            for name, value in (("regionCode", question.region), *question.filters)
        ],
    }
    with Stubber(client) as stub:
        for number, page in enumerate(pages):
            last = number == len(pages) - 1
            answer = {"PriceList": [json.dumps(product) for product in page]} | (NO_MORE if last else MORE)
            stub.add_response("get_products", answer, asked | (MORE if number else NO_MORE))
        price = PriceList(REGION).price(question, hourly=hourly)
        stub.assert_no_pending_responses()
    return price


def test_aws_own_example_is_read_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question(
        service="AmazonEC2", region=REGION, filters=(("volumeType", "Provisioned IOPS"),), usage="EBS:VolumeUsage.piops"
    )
    price = answered(monkeypatch, question, [documented()], hourly=False)
    assert price == Price(
        question=question, usd=Decimal("0.138"), unit="GB-Mo", sku="WQGC34PB2AWS8R4U", effective="2017-08-01"
    )


@pytest.mark.parametrize("usage", ["KMS-Keys", "EU-KMS-Keys", "EUC1-KMS-Keys", "xx-north-1-KMS-Keys"])
def test_the_usage_type_is_found_behind_its_regions_prefix_and_on_any_page(
    usage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = answered(monkeypatch, KEY, [variant("EUC1-KMS-Requests")], [variant(usage, "KEYS")], hourly=False)
    assert (price.usd, price.sku) == (Decimal(1), "KEYS")


@pytest.mark.parametrize(
    ("products", "hourly", "why"),
    [
        ([], False, "AWS lists no such product"),
        ([variant("EUC1-TS-KMS-Keys")], False, "AWS lists no such product"),
        ([variant("KMS-Keys", "A"), variant("EUC1-KMS-Keys", "B")], False, "AWS lists 2 prices, by amount .*: A, B"),
        ([variant("KMS-Keys")], True, "AWS prices it in USD by Keys"),
        ([variant("KMS-Keys", unit="Hrs")], False, "AWS prices it in USD by Hrs"),
        ([variant("KMS-Keys", usd={"CNY": "7"})], False, "AWS prices it in CNY by Keys"),
        ([{**variant("KMS-Keys"), "terms": {"Reserved": {}}}], False, "AWS lists no such product"),
    ],
)
def test_an_answer_that_is_not_one_price_is_none(
    products: list[dict[str, Any]], hourly: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = answered(monkeypatch, KEY, products, hourly=hourly)
    assert price.usd is None
    assert re.fullmatch(why, price.why), price.why


def test_without_credentials_or_rights_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    client = asked_by_ops(monkeypatch)
    with Stubber(client) as stub:
        stub.add_client_error("get_products", "AccessDeniedException", http_status_code=400)
        with pytest.raises(OpsError, match="allow pricing:GetProducts"):
            PriceList(REGION).price(KEY, hourly=False)

    def nobody(*_: object, **__: object) -> object:
        raise NoCredentialsError

    monkeypatch.setattr(client, "_make_api_call", nobody)
    with pytest.raises(OpsError, match="without credentials: set those of a role that allows pricing:GetProducts"):
        PriceList(REGION).price(KEY, hourly=False)
