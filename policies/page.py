"""Writes docs/policies.md from the rules and the exceptions: `python -m policies.page`, or `make policies-page`."""

from collections.abc import Iterable, Iterator
from types import ModuleType

from policies.configuration import FOLDER, read_configuration, read_exceptions
from policies.judge import STALE
from policies.parity import PARITY
from policies.rule import Rule
from policies.rules import AREAS, RULES

PAGE = FOLDER.parent / "docs" / "policies.md"
NOTICE = "Generated from the rules by `make policies-page`; a test fails when it is stale."
KEY = """\
FSBP are the AWS Foundational Security Best Practices, CIS is the CIS AWS Foundations Benchmark with its version, PCI is
PCI DSS 4.0, GDPR an article. (own) marks our own mapping; a rule with only "own" is in none of the public sets."""
USE = """\
`make policies` checks all stacks of a running sandbox. With an AWS account:
`pulumi preview --policy-pack policies`. The levels of the rules are in `policies/configuration.yaml`, exceptions
in `policies/exceptions.yaml`."""

COLUMNS = ["Rule", "Requirement", "Severity", "Level", "Controls", "Remedy"]


def page() -> str:
    """The page in Markdown."""
    return "\n".join(
        ["# Policies", "", NOTICE, "", USE, "", f"{len(RULES)} rules. {KEY}", "", *_areas(), *_exceptions()]
    )


def _areas() -> Iterator[str]:
    for area in AREAS:
        yield from (f"## {_title(area)}", "", str(area.__doc__), "")
        yield from _table(COLUMNS, map(_row, area.POLICIES))
    yield from (
        "## Beyond one stack",
        "",
        "Checks of a stack's exceptions and of the pair, which run last.",
        "",
    )
    yield from _table(COLUMNS, map(_row, (STALE, PARITY)))


def _row(rule: Rule) -> list[str]:
    level = read_configuration().enforcement.level(rule.id, "")
    return [f"`{rule.id}`", rule.says, rule.severity, level, ", ".join(rule.controls), rule.remedy]


def _exceptions() -> Iterator[str]:
    rows = (
        [f"`{each.rule}`", each.stack, f"`{each.resource}`", each.owner, str(each.expires), each.reason]
        for each in read_exceptions()
    )
    yield from ("## Exceptions", "")
    yield from _table(["Rule", "Stack", "Resource", "Owner", "Last day", "Reason"], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _title(area: ModuleType) -> str:
    return area.__name__.rpartition(".")[2].capitalize()


if __name__ == "__main__":
    PAGE.write_text(page())
