"""The emulated Price List: AWS's shape, pages and filters; and what ops makes of it."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError

from ops.core import aws as operators
from ops.prices.charges import charges
from ops.prices.estimate import monthly
from ops.prices.price_file import PriceFile
from ops.prices.price_list import PriceList
from tests.emulator.emulated import REGION, Clients

DATABASE = "aws:rds/instance:Instance"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = {"instanceType": "t3.large", "blockDeviceMappings": [{"ebs": {"volumeType": "gp3", "volumeSize": 50}}]}


def database(kind: str) -> dict[str, Any]:
    return {
        "instanceClass": kind,
        "engine": "mysql",
        "storageType": "gp3",
        "allocatedStorage": 500,
        "multiAz": True,
        "iops": 12_100,
    }


DECLARED: list[tuple[str, dict[str, Any]]] = [
    (DATABASE, database("db.m6i.xlarge")),
    (DATABASE, database("db.m6i.2xlarge")),
    (CACHE, {"nodeType": "cache.m6g.xlarge", "numNodeGroups": 2, "replicasPerNodeGroup": 1}),
    (GROUP, {"minSize": 3}),
    ("aws:ec2/natGateway:NatGateway", {}),
    ("aws:ec2/eip:Eip", {}),
    ("aws:lb/loadBalancer:LoadBalancer", {}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
    ("aws:kms/key:Key", {}),
    ("aws:secretsmanager/secret:Secret", {}),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 60}),
    ("aws:wafv2/webAcl:WebAcl", {"rules": [{}]}),
]


def shape(value: Any) -> Any:
    """Which keys a JSON document has, at every depth; those that are codes or names of attributes as one."""
    if isinstance(value, dict):
        named = all(key[:1].islower() or key in ("USD", "OnDemand") for key in value)
        return {key if named else "CODE": shape(child) for key, child in value.items()}
    return type(value).__name__


def products(aws: Clients, **filters: str) -> list[dict[str, Any]]:
    """What the Price List has in our region, a product a page."""
    pages = (
        aws("pricing")
        .get_paginator("get_products")
        .paginate(
            ServiceCode="AmazonEC2",
            Filters=[
                {"Type": "TERM_MATCH", "Field": name, "Value": value}
                for name, value in ({"regionCode": REGION} | filters).items()
            ],
            PaginationConfig={"PageSize": 1},
        )
    )
    return [json.loads(product) for page in pages for product in page["PriceList"]]


def test_a_product_has_the_shape_of_aws_own_example(aws: Clients) -> None:
    folder = Path(botocore.__file__).parent / "data" / "pricing" / "2017-10-15"
    file = next(folder.glob("examples-1.json*"))
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    documented = json.loads(json.loads(text)["examples"]["GetProducts"][0]["output"]["PriceList"][0])
    (product,) = products(aws, volumeApiName="gp3")
    attributes = documented["product"].pop("attributes"), product["product"].pop("attributes")
    assert shape(product) == shape(documented)
    assert [set(given) >= {"servicecode", "usagetype", "locationType"} for given in attributes] == [True, True]


def test_a_long_answer_comes_in_pages(aws: Clients) -> None:
    found = products(aws, productFamily="NAT Gateway")
    assert len(found) == len({product["product"]["sku"] for product in found}) == 2
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        aws("pricing").get_products(
            ServiceCode="AmazonEC2",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION}],
            NextToken="none of ours",
        )


def test_another_question_of_the_price_list_is_said_to_be_lacking(aws: Clients) -> None:
    with pytest.raises(ClientError, match=r"NotImplemented.*DescribeServices"):
        aws("pricing").describe_services()


@pytest.fixture
def prices(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> PriceFile:
    """The questions of ops for everything that it can price."""

    def made(service: str, _region: str) -> Any:
        return aws(service)

    monkeypatch.setattr(operators, "client", made)
    asked = PriceList(REGION)
    parts = [part for kind, inputs in DECLARED for part in charges(kind, inputs, REGION, TEMPLATE)]
    answers = [asked.price(part.question, hourly=part.hourly) for part in parts]
    return PriceFile(endpoint_region=REGION, prices={answer.question: answer for answer in answers})


def test_every_question_of_ours_meets_one_price_among_its_neighbours(prices: PriceFile) -> None:
    assert {str(price.question): price.why for price in prices.prices.values() if price.usd is None} == {}


def test_the_delta_of_a_larger_database_is_that_of_its_instance(prices: PriceFile) -> None:
    before, after = (monthly(*row, REGION, prices=prices).usd for row in DECLARED[:2])
    assert before is not None
    assert after is not None
    # The emulated list: 0.1 an hour for each virtual CPU, of which there are 4 and 8, and twice that in two zones.
    assert after - before == Decimal("0.1") * 4 * 2 * 730
