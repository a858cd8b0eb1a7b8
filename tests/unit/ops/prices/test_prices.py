"""Prices: what is charged, what AWS's Price List is asked and answers, and the file between them."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3
import botocore
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from ops.core import aws
from ops.core.stack_files import CHECKOUT
from ops.core.steps import Timeline
from ops.errors import OpsError
from ops.prices import monthly
from ops.prices import refresh as refreshing
from ops.prices.charges import GROUP, TEMPLATE, UNKNOWN, Question, charges
from ops.prices.declared import declared
from ops.prices.price_file import NAME, Price, PriceFile
from ops.prices.price_list import PriceList

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


PROVIDER = "urn:p::provider"


def state(kind: str, name: str, **values: Any) -> dict[str, Any]:
    """A resource as the engine exports it."""
    return {"urn": f"urn:{name}", "type": kind, "provider": f"{PROVIDER}::id", "inputs": {}, **values}


DEPLOYED = [
    {"urn": PROVIDER, "type": "pulumi:providers:aws", "inputs": {"region": REGION}},
    state(TEMPLATE, "template", inputs=WORKERS),
    state(GROUP, "group", inputs={"minSize": 1}, propertyDependencies={"launchTemplate": ["urn:template"]}),
    state("aws:kms/key:Key", "key"),
    state("aws:kms/key:Key", "elsewhere", inputs={"region": OTHER}),
    state("aws:s3/bucket:Bucket", "bucket"),
    state("pulumi:pulumi:Stack", "stack"),
]


class Stacks:
    """An engine that knows one stack, and what a preview of it shows."""

    def __init__(self, *steps: dict[str, Any]) -> None:
        self.steps = list(steps)

    def export(self, _stack: str) -> dict[str, Any]:
        return {"deployment": {"resources": DEPLOYED}}

    def preview_steps(self, _stack: str) -> list[dict[str, Any]]:
        return self.steps


def test_a_resource_is_where_its_provider_is_and_a_group_has_its_template() -> None:
    found = {each.urn: each for each in declared(DEPLOYED)}
    assert {urn: each.region for urn, each in found.items()} == {
        "urn:template": REGION, "urn:group": REGION, "urn:key": REGION, "urn:elsewhere": OTHER, "urn:bucket": REGION,
    }  # fmt: skip
    assert found["urn:group"].template == WORKERS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\nruntime: python\n")
    for stack in ("one", "two"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    return tmp_path


def run(
    project: Path,
    *stacks: str,
    steps: tuple[dict[str, Any], ...] = (),
    dry_run: bool = False,
    timeline: Timeline | None = None,
) -> list[Question]:
    """Refresh the prices of the stacks, everything at the same price; what was asked."""
    asked: list[Question] = []

    def ask(question: Question, hourly: bool) -> Price:
        asked.append(question)
        return Price(question=question, usd=Decimal("1.50"), unit="Hrs" if hourly else "Keys")

    engine: Any = Stacks(*steps)
    refreshing.refresh(timeline or Timeline(dry_run=dry_run), project / NAME, ask, "https://aws", stacks, engine)
    return asked


def test_a_refresh_asks_once_for_what_is_declared_and_what_a_change_will_declare(project: Path) -> None:
    larger = state(TEMPLATE, "template", inputs={**WORKERS, "instanceType": "m6i.large"})
    gone = {"urn": "urn:elsewhere", "op": "delete"}
    asked = run(project, "one", "two", steps=({"urn": "urn:template", "op": "update", "newState": larger}, gone))
    assert sorted((question.region, question.usage) for question in asked) == [
        (REGION, "BoxUsage:m6i.large"), (REGION, "EBS:VolumeUsage.gp3"), (REGION, "KMS-Keys"),
    ]  # fmt: skip
    assert monthly("aws:kms/key:Key", {}, REGION).usd == Decimal("1.50")
    assert monthly(GROUP, {"minSize": 2}, REGION, template=larger["inputs"]).usd == Decimal("1.50") * (1460 + 100)


def test_a_refresh_that_finds_the_same_prices_leaves_the_file_alone(project: Path) -> None:
    run(project, "one")
    before = (project / NAME).stat()
    run(project, "one")
    after = (project / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_dry_run_asks_and_writes_nothing(project: Path) -> None:
    assert run(project, "one", dry_run=True)
    assert not (project / NAME).exists()


def test_prices_of_other_stacks_stay_unless_every_stack_is_read(project: Path) -> None:
    stale = Price(question=replace(KEY, usage="Other"), usd=Decimal(1), unit="Keys")
    PriceFile(endpoint_region=REGION, prices={stale.question: stale}).write(project / NAME)
    run(project, "one")
    assert stale.question in PriceFile.read().prices
    run(project, "one", "two")
    assert stale.question not in PriceFile.read().prices
    assert PriceFile.read().endpoint_region == REGION


def test_a_file_says_the_same_after_it_was_read(tmp_path: Path) -> None:
    lacking = Price(question=replace(KEY, region=OTHER), why="AWS lists no such product")
    known = Price(question=KEY, usd=Decimal("0.0116"), unit="Keys", sku="SKU", effective="2026-01-01")
    written = PriceFile(
        endpoint_region=REGION, asked="2026-01-02", source="https://aws", prices={KEY: known, lacking.question: lacking}
    )
    written.write(tmp_path / NAME)
    assert PriceFile.read(tmp_path / NAME) == written
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("text", ["", "prices: [{}]", "prices: 3", "unknown: 1\nendpoint_region: x", "prices: ["])
def test_a_file_that_is_none_of_prices_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(OpsError, match=f"{NAME}: not a file of prices"):
        PriceFile.read(tmp_path / NAME)


def test_a_refresh_takes_the_steps_that_it_declares(project: Path) -> None:
    timeline = Timeline()
    run(project, "one", timeline=timeline)
    taken = [entry.name.replace("one", "STACK") for entry in timeline.entries]
    assert taken == [step.name for step in refreshing.PLAN.steps]


def test_a_stack_without_a_file_is_a_usage_error(project: Path) -> None:
    assert refreshing.chosen_stacks([]) == ["one", "two"]
    with pytest.raises(OpsError, match="no stack three; there are: one, two"):
        refreshing.chosen_stacks(["one", "three"])


def test_the_committed_prices_are_as_written_and_from_aws_alone() -> None:
    text = (CHECKOUT / NAME).read_text()
    committed = PriceFile.read(CHECKOUT / NAME)
    assert committed.text() == text
    host = urlparse(committed.source).hostname or ""
    assert host.endswith(".amazonaws.com") if committed.prices else not committed.source
    assert [price for price in committed.prices.values() if (price.usd is None) != bool(price.why)] == []
