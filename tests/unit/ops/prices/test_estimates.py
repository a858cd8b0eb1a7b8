"""The monthly cost of a resource, from known prices, and why it has no price."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ops.prices.charges import GROUP, TEMPLATE, UNKNOWN, charges
from ops.prices.estimate import monthly
from ops.prices.price_file import Price, PriceFile

REGION, OTHER = "xx-north-1", "yy-south-2"
DATABASE = "aws:rds/instance:Instance"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
SECRET = "aws:secretsmanager/secret:Secret"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FIREWALL = "aws:wafv2/webAcl:WebAcl"
MYSQL = {
    "instanceClass": "db.m6i.large",
    "engine": "mysql",
    "storageType": "gp3",
    "allocatedStorage": 500.0,
    "multiAz": True,
}
WORKERS = {"instanceType": "t3.large", "blockDeviceMappings": [{"ebs": {"volumeType": "gp3", "volumeSize": 50}}]}


def priced(*rows: tuple[str, Mapping[str, Any], Mapping[str, Any] | None], usd: str = "2") -> PriceFile:
    """A file in which everything that the resources need costs the same."""
    asked = [part.question for kind, inputs, template in rows for part in charges(kind, inputs, REGION, template)]
    prices = {question: Price(question=question, usd=Decimal(usd)) for question in asked}
    return PriceFile(endpoint_region=REGION, prices=prices)


@pytest.mark.parametrize(
    ("kind", "inputs", "template", "units"),
    [
        pytest.param(DATABASE, MYSQL, None, 730 + 500, id="database"),
        pytest.param(DATABASE, {**MYSQL, "iops": 12_000}, None, 730 + 500, id="included IOPS"),
        pytest.param(DATABASE, {**MYSQL, "iops": 12_500}, None, 730 + 500 + 500, id="IOPS above"),
        pytest.param(
            DATABASE, {**MYSQL, "allocatedStorage": 399, "iops": 3_001}, None, 730 + 399 + 1, id="IOPS of a small one"
        ),
        pytest.param(
            CACHE, {"nodeType": "cache.m6g.large", "numNodeGroups": 2, "replicasPerNodeGroup": 1}, None, 4 * 730,
            id="cache in shards",
        ),
        pytest.param(CACHE, {"nodeType": "cache.m6g.large", "numCacheClusters": 3}, None, 3 * 730, id="cache"),
        pytest.param(GROUP, {"minSize": 3, "maxSize": 9}, WORKERS, 3 * 730 + 3 * 50, id="instances and their disks"),
        pytest.param(GROUP, {"minSize": 0, "maxSize": 9}, WORKERS, 0, id="nobody runs"),
        pytest.param("aws:ec2/natGateway:NatGateway", {}, None, 730, id="NAT gateway"),
        pytest.param("aws:ec2/eip:Eip", {}, None, 730, id="address"),
        pytest.param("aws:lb/loadBalancer:LoadBalancer", {}, None, 730, id="load balancer"),
        pytest.param(
            ENDPOINT, {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN, UNKNOWN, "subnet-1"]}, None, 3 * 730,
            id="endpoint in subnets that are still to be made",
        ),
        pytest.param(ENDPOINT, {"vpcEndpointType": "Gateway"}, None, 0, id="gateway endpoint"),
        pytest.param("aws:kms/key:Key", {}, None, 1, id="key"),
        pytest.param("aws:kms/replicaKey:ReplicaKey", {}, None, 1, id="replica key"),
        pytest.param(SECRET, {"replicas": [{"region": OTHER}]}, None, 2, id="secret with its replica"),
        pytest.param(ALARM, {"period": 60}, None, 1, id="alarm"),
        pytest.param(
            ALARM,
            {"metricQueries": [{"expression": "a/b"}, {"metric": {"period": 60}}, {"metric": {"period": 60}}]}, None, 2,
            id="alarm on two metrics",
        ),
        pytest.param(FIREWALL, {"rules": [{}, {}]}, None, 3, id="firewall with rules"),
    ],
)  # fmt: skip
def test_a_month_is_priced_by_the_hours_and_units_of_the_resource(
    kind: str, inputs: Mapping[str, Any], template: Mapping[str, Any] | None, units: int
) -> None:
    prices = priced((kind, inputs, template))
    assert monthly(kind, inputs, REGION, template=template, prices=prices).usd == 2 * units


def test_a_second_zone_is_another_question_than_one() -> None:
    alone = charges(DATABASE, {**MYSQL, "multiAz": False}, REGION)
    both = charges(DATABASE, MYSQL, REGION)
    assert {part.question for part in alone}.isdisjoint(part.question for part in both)


def test_a_price_of_one_region_is_none_of_another() -> None:
    prices = priced(("aws:kms/key:Key", {}, None))
    assert monthly("aws:kms/key:Key", {}, OTHER, prices=prices).usd is None


def test_an_alarm_below_a_minute_has_high_resolution() -> None:
    kinds = [dict(charges(ALARM, {"period": period}, REGION)[0].question.filters)["alarmType"] for period in (30, 60)]
    assert kinds == ["High Resolution", "Standard"]


@pytest.mark.parametrize(
    ("kind", "inputs", "why"),
    [
        (DATABASE, MYSQL, "no price of AmazonRDS .*db.m6i.large.*: run `ops prices refresh`"),
        (DATABASE, {**MYSQL, "instanceClass": UNKNOWN}, "instanceClass is known only after the update"),
        (DATABASE, {**MYSQL, "engine": "oracle-ee"}, "no price is known for oracle-ee on gp3"),
        (DATABASE, {"replicateSourceDb": "arn", "instanceClass": "db.m6i.large"}, "the source of the replica decides"),
        (CACHE, {"nodeType": "cache.m6g.large"}, "numNodeGroups is not set"),
        (ENDPOINT, {"vpcEndpointType": "Interface", "subnetIds": UNKNOWN}, "subnetIds is known only after the update"),
        (GROUP, {"minSize": 3}, "the launch template decides"),
        (TEMPLATE, WORKERS, "the Auto Scaling groups that start instances from it"),
        ("aws:s3/bucket:Bucket", {}, "usage decides: stored objects"),
        ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network"}, "no price is known"),
        ("cloudflare:index/ruleset:Ruleset", {}, "no price is known for cloudflare"),
    ],
)
def test_what_has_no_price_says_why(kind: str, inputs: Mapping[str, Any], why: str) -> None:
    estimate = monthly(kind, inputs, REGION, prices=PriceFile(endpoint_region=REGION))
    assert estimate.usd is None
    assert re.match(why, estimate.why), estimate.why


def test_a_sum_with_a_part_that_has_no_price_has_none() -> None:
    prices = priced((DATABASE, MYSQL, None))
    first, *_ = prices.prices
    lacking = replace(prices, prices={**prices.prices, first: Price(question=first, why="AWS lists no such product")})
    estimate = monthly(DATABASE, MYSQL, REGION, prices=lacking)
    assert estimate.usd is None
    assert estimate.why.endswith("AWS lists no such product")
