"""The comment of a pull request, the record behind it, and the files between the jobs that make it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_files import FIXTURE

from ops.errors import Exit, OpsError
from ops.preview import previews
from ops.preview.comment import LIMIT, MARKER, cell, code, comment
from ops.preview.previews import EXCEPTED, KNOWN, NEW, Preview, Violation
from ops.preview.report import report
from policies import check
from policies.configuration import Exemption

QUEUE = "aws:sqs/queue:Queue"
URN = "urn:pulumi:{stack}::askproai::askproai:x:X${kind}::{name}"


def step(
    name: str, op: str = "update", *, stack: str = "prod", kind: str = QUEUE, needs: tuple[str, ...] = (), **given: Any
) -> dict[str, Any]:
    """A step that changes `value` from 1 to 2, or is as given."""
    urn = URN.format(stack=stack, kind=kind, name=name)
    links = [URN.format(stack=stack, kind=kind, name=each) for each in needs]
    sides: dict[str, Any] = {"oldState": {"value": 1}, "newState": given or {"value": 2}}
    if op == "delete":
        del sides["newState"]
    states = {side: {"inputs": inputs, "dependencies": links} for side, inputs in sides.items()}
    return {"op": op, "urn": urn, **states}


def preview(*steps: dict[str, Any], stack: str = "prod", **given: Any) -> Preview:
    empty = Preview(
        stack=stack, failure="", steps=list(steps), types=[], violations=[], costs=[], settings={}, settings_before=None
    )
    return replace(empty, **given)


def violation(known: str, level: str = check.MANDATORY) -> Violation:
    return Violation(stack="prod", rule="a-rule", name="a", level=level, message="a-rule: a: found x", known=known)


def test_violations_stand_in_one_order_whenever_the_engine_came_to_them() -> None:
    one, other = replace(violation(NEW), message="a-rule: b: found x"), violation(NEW)
    assert (
        report([preview(violations=[one, other])]).violations == report([preview(violations=[other, one])]).violations
    )


@pytest.mark.parametrize(
    ("given", "code_"),
    [
        (preview(step("a")), Exit.OK),
        (preview(step("a", "delete")), Exit.DANGEROUS),
        (preview(step("a", "delete"), violations=[violation(NEW)]), Exit.VIOLATION),
        (preview(step("a"), violations=[violation(EXCEPTED, "advisory")]), Exit.OK),
        (preview(step("a", "delete"), violations=[violation(NEW)], failure="no"), Exit.FAILED),
    ],
)
def test_the_worst_decides_how_the_command_ends(given: Preview, code_: Exit) -> None:
    assert report([given]).exit is code_


def test_the_marker_and_the_dangers_come_first() -> None:
    text = comment(report([preview(step("a", "delete"))]))
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == MARKER
    assert text.index("## Dangerous") < text.index("data lost") < text.index("## Resources")


@pytest.mark.parametrize(("count", "length"), [(1, 10), (300, 60), (1000, 100)])
def test_a_comment_is_cut_at_the_limit_and_keeps_the_dangers(count: int, length: int) -> None:
    deleted = [step(f"{number:05}{'x' * length}", "delete") for number in range(count)]
    text = comment(report([preview(*deleted)]))
    assert len(text) <= LIMIT
    assert "data lost" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0
    head = text.split("## Resources")[0]
    names = sum(f"{number:05}x" in head for number in range(count))
    assert names == count or f"| data lost | prod | {count} |" in text


def test_nothing_in_a_value_is_markdown_html_or_a_mention() -> None:
    text = comment(report([preview(step("a", value="x | <b>@all</b> `c` [l](http://e.org) *s*\n# h"))]))
    (row,) = [line for line in text.splitlines() if "all" in line]
    assert "<b>" not in row
    assert "@all" not in row
    assert "http://" not in row
    assert row.replace("\\|", "").count("|") == 7
    assert cell("`|`") == "\\`\\|\\`"
    assert code("a`b|c") == "`a'b\\|c`"


def test_dependents_are_direct_and_through_others() -> None:
    steps = [step("a"), step("b", "same", needs=("a",)), step("c", "same", needs=("b",)), step("d", "same")]
    (found,) = report([preview(*steps)]).dependents
    assert (found.name, found.direct, found.all) == ("a", ("b",), 2)
    picture = report([preview(*steps)]).pictures["prod"]
    assert ("a<br/>" in picture, "b<br/>" in picture, "d<br/>" in picture) == (True, True, False)


def test_what_changes_in_one_stack_of_the_pair_alone_is_listed_by_property() -> None:
    prod = preview(step("a"), step("both"), step("mine", "create"))
    dr = preview(step("a", "same", stack="dr"), step("both", stack="dr"), stack="dr")
    found = report([prod, dr])
    assert [(each.name, each.path, each.there) for each in found.one_sided] == [
        ("a", "value", "stays as it is"),
        ("mine", "create", "is not declared"),
    ]
    assert not report([prod]).pair_compared


def files() -> dict[str, Any]:
    """The committed settings of all stacks."""
    return previews.settings_of(FIXTURE.folder)


def test_the_effect_on_recovery_is_what_the_objectives_compute() -> None:
    before, now = files(), files()
    now["edge"]["health_checks"] = {**now["edge"]["health_checks"], "consecutive_fails": 4}
    found = report([preview(settings=now, settings_before=before)]).recovery
    assert found
    (service,) = [each for each in found if each.what == "service"]
    # Two more checks, each of interval_seconds, until somebody is notified.
    waited = 2 * before["edge"]["health_checks"]["interval_seconds"] / 60
    assert (service.rto or 0) - (service.rto_before or 0) == pytest.approx(waited)
    assert report([preview(settings=before, settings_before=before)]).recovery == []
    assert report([preview(settings=now)]).recovery is None


def test_settings_have_no_secret_and_numbers_that_a_command_wrote_as_text(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: askproai\n")
    config = {"askproai:key": {"secure": "v1:x"}, "askproai:block": {"days": "14", "on": "true", "version": "8.x"}}
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": config}))
    assert previews.settings_of(tmp_path) == {"prod": {"block": {"days": 14, "on": True, "version": "8.x"}}}


def test_what_a_job_keeps_the_next_one_reads(tmp_path: Path) -> None:
    kept = preview(step("a", "delete"), violations=[violation(NEW)], settings=files())
    previews.save([kept], tmp_path)
    assert previews.load(tmp_path, []) == [kept]
    assert previews.load(tmp_path, ["prod"]) == [kept]
    with pytest.raises(OpsError, match=r"dr\.json"):
        previews.load(tmp_path, ["dr"])
    (tmp_path / "prod.json").write_text("{}")
    with pytest.raises(OpsError, match="no preview as"):
        previews.load(tmp_path, [])


def test_what_is_kept_of_a_step_has_no_secret_and_no_inputs_of_what_stays() -> None:
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hunter2"'}
    assert "hunter2" not in str(previews.kept(step("a", password=mark)))
    assert "inputs" not in str(previews.kept(step("a", "same")))


def state(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    kind = "aws:s3/bucket:Bucket"
    urn = URN.format(stack="prod", kind=kind, name=name)
    return {"op": "update", "urn": urn, "oldState": {"urn": urn, "type": kind, "inputs": inputs}}


@pytest.mark.parametrize(("before", "known"), [({"forceDestroy": True}, KNOWN), ({"forceDestroy": False}, NEW)])
def test_a_violation_is_known_where_the_recorded_state_breaks_the_same_rule(before: dict[str, Any], known: str) -> None:
    rule = "bucket-not-emptied-on-delete"
    event = check.Event(stack="prod", level="mandatory", rule=rule, message=f"{rule}: a: found x")
    (found,) = previews.violations("prod", (event,), [state("a", before)])
    assert found.known == known


@pytest.mark.parametrize(("days", "known"), [(1, EXCEPTED), (-1, NEW)])
def test_a_violation_is_excepted_until_its_exception_has_expired(
    monkeypatch: pytest.MonkeyPatch, days: int, known: str
) -> None:
    last = datetime.now(UTC).date() + timedelta(days=days)
    exempt = Exemption(rule="secret-rotated", stack="prod", resource="*", owner="o", reason="r", expires=last)
    monkeypatch.setattr(previews, "read_exceptions", lambda: [exempt])
    event = check.Event(stack="prod", level="advisory", rule="secret-rotated", message="secret-rotated: a: found x")
    (found,) = previews.violations("prod", (event,), [])
    assert found.known == known
