"""`ops prices refresh`: the declared resources, the questions for them, and the file with the answers."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from ops.core.stack_files import CHECKOUT
from ops.core.steps import Timeline
from ops.errors import OpsError
from ops.prices import refresh as refreshing
from ops.prices.charges import GROUP, TEMPLATE, Question
from ops.prices.declared import declared
from ops.prices.estimate import monthly
from ops.prices.price_file import NAME, Price, PriceFile

REGION, OTHER = "xx-north-1", "yy-south-2"
KEY = Question(service="awskms", region=REGION, filters=(("productFamily", "Encryption Key"),), usage="KMS-Keys")
WORKERS = {"instanceType": "t3.large", "blockDeviceMappings": [{"ebs": {"volumeType": "gp3", "volumeSize": 50}}]}
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
    several = [{**each, "propertyDependencies": {"mixedInstancesPolicy": ["urn:template"]}} for each in DEPLOYED]
    assert {each.urn: each.template for each in declared(several)}["urn:group"] == WORKERS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\nruntime: python\n")
    for stack in ("one", "two"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    return tmp_path


def run(
    *stacks: str,
    steps: tuple[dict[str, Any], ...] = (),
    dry_run: bool = False,
    timeline: Timeline | None = None,
) -> list[Question]:
    """Refresh the prices of the stacks, all at the same price. Returns the questions."""
    asked: list[Question] = []

    def ask(question: Question, hourly: bool) -> Price:
        asked.append(question)
        return Price(question=question, usd=Decimal("1.50"), unit="Hrs" if hourly else "Keys")

    engine: Any = Stacks(*steps)
    refreshing.refresh(timeline or Timeline(dry_run=dry_run), ask, "https://aws", stacks, engine)
    return asked


def test_a_refresh_asks_once_for_what_is_declared_and_what_a_change_will_declare(project: Path) -> None:
    larger = state(TEMPLATE, "template", inputs={**WORKERS, "instanceType": "m6i.large"})
    gone = {"urn": "urn:elsewhere", "op": "delete"}
    asked = run("one", "two", steps=({"urn": "urn:template", "op": "update", "newState": larger}, gone))
    assert sorted((question.region, question.usage) for question in asked) == [
        (REGION, "BoxUsage:m6i.large"), (REGION, "EBS:VolumeUsage.gp3"), (REGION, "KMS-Keys"),
    ]  # fmt: skip
    assert monthly("aws:kms/key:Key", {}, REGION).usd == Decimal("1.50")
    assert monthly(GROUP, {"minSize": 2}, REGION, template=larger["inputs"]).usd == Decimal("1.50") * (1460 + 100)


def test_a_refresh_that_finds_the_same_prices_leaves_the_file_alone(project: Path) -> None:
    run("one")
    before = (project / NAME).stat()
    run("one")
    after = (project / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_dry_run_asks_and_writes_nothing(project: Path) -> None:
    assert run("one", dry_run=True)
    assert not (project / NAME).exists()


def test_prices_of_other_stacks_stay_unless_every_stack_is_read(project: Path) -> None:
    stale = Price(question=replace(KEY, usage="Other"), usd=Decimal(1), unit="Keys")
    PriceFile(endpoint_region=REGION, prices={stale.question: stale}).write(project / NAME)
    run("one")
    assert stale.question in PriceFile.read().prices
    run("one", "two")
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


@pytest.mark.parametrize("text", ["", "prices: [{}]", "prices: 3", "unknown: 1\nendpoint_region: x"])
def test_a_file_that_is_none_of_prices_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(OpsError, match=f"{NAME}: not a file of prices"):
        PriceFile.read(tmp_path / NAME)


def test_a_price_file_with_a_key_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("endpoint_region: one\nendpoint_region: two\nprices: []\n")
    with pytest.raises(OpsError, match=f"{NAME}: line 2: endpoint_region is in line 1 already; keep one of the two$"):
        PriceFile.read(tmp_path / NAME)


def test_a_refresh_takes_the_steps_that_it_declares(project: Path) -> None:
    timeline = Timeline()
    run("one", timeline=timeline)
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
