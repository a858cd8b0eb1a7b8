"""What a change costs a month: what has a price, what has none, and what does not change."""

from decimal import Decimal
from typing import Any

from ops.preview.comment import comment
from ops.preview.cost import Cost, costs
from ops.preview.previews import Preview
from ops.preview.report import report
from ops.prices.charges import charges
from ops.prices.price_file import Price, PriceFile

REGION = "xx-north-1"
DATABASE = "aws:rds/instance:Instance"
BUCKET = "aws:s3/bucket:Bucket"
SMALL = {"instanceClass": "db.m6i.large", "engine": "mysql", "storageType": "gp3", "allocatedStorage": 100}
LARGE = {**SMALL, "allocatedStorage": 150}
PRICES = PriceFile(
    endpoint_region=REGION,
    prices={part.question: Price(question=part.question, usd=Decimal(2)) for part in charges(DATABASE, SMALL, REGION)},
)
HOURS = 730


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, kind: str = DATABASE) -> dict[str, Any]:
    urn = f"urn:pulumi:prod::askproai::{kind}::it"
    sides = {"oldState": old, "newState": new}
    states = {
        side: {"urn": urn, "type": kind, "inputs": {**inputs, "region": REGION}}
        for side, inputs in sides.items()
        if inputs is not None
    }
    return {"op": op, "urn": urn, **states}


def told(*steps: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    return [(each.before, each.after) for each in costs("prod", steps, PRICES)]


def test_a_larger_database_costs_the_difference() -> None:
    (found,) = costs("prod", [step("update", SMALL, LARGE)], PRICES)
    assert (found.name, found.delta) == ("it", Decimal(100))


def test_what_is_new_costs_all_of_it_and_what_goes_nothing() -> None:
    whole = f"{2 * (HOURS + 100)}.00"
    assert told(step("create", None, SMALL)) == [("0", whole)]
    assert told(step("delete", SMALL, None)) == [(whole, "0")]


def test_a_replacement_is_one_row() -> None:
    steps = (
        step("create-replacement", SMALL, LARGE),
        step("replace", SMALL, LARGE),
        step("delete-replaced", SMALL, None),
    )
    assert told(*steps) == [(f"{2 * (HOURS + 100)}.00", f"{2 * (HOURS + 150)}.00")]


def test_what_stays_or_changes_no_price_has_no_row() -> None:
    assert told(step("same", SMALL, SMALL), step("update", SMALL, {**SMALL, "tags": {"a": "b"}})) == []


def test_what_is_paid_by_use_and_what_has_no_price_say_so() -> None:
    (bucket,) = costs("prod", [step("create", None, {"bucket": "a"}, BUCKET)], PRICES)
    assert (bucket.after, bucket.delta) == (None, None)
    assert "usage decides" in bucket.why
    (unknown,) = costs("prod", [step("create", None, SMALL)], PriceFile(endpoint_region=REGION))
    assert unknown.delta is None
    assert "`ops prices refresh`" in unknown.why


def test_the_comment_adds_up_what_is_known_and_counts_the_rest() -> None:
    rows = [
        Cost(stack="prod", type=DATABASE, name="a", before="10.00", after="25.50", why="2 x 3"),
        Cost(stack="dr", type=DATABASE, name="b", before="5.00", after="0", why="gone"),
        Cost(stack="dr", type=BUCKET, name="c", before="0", after=None, why="usage decides"),
    ]
    preview = Preview(
        stack="prod", failure="", steps=[], types=[], violations=[], costs=rows, settings={}, settings_before=None
    )
    found = report([preview])
    assert "+10.50 US dollars a month at list prices; without a price: 1." in comment(found)
    assert [each["after"] for each in found.record()["costs"]] == ["25.50", "0", None]
