"""The result of a preview as one record: dangers, changes, their dependents, and violations."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ops.errors import Exit
from ops.objectives.objectives import Declaration, Objective, objectives
from ops.preview import access, graph, losses, protection
from ops.preview.changes import SAME, About, Change
from ops.preview.cost import Cost
from ops.preview.danger import Danger
from ops.preview.previews import NEW, Preview, Violation
from policies import check
from policies.configuration import read_configuration

RULES = (losses.data_lost, losses.downtime, access.widened, protection.removed)


@dataclass(frozen=True, kw_only=True)
class OneSided(About):
    """A property that changes in one stack of the pair, and not, or not to the same value, in the other."""

    other: str
    path: str
    there: str


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A row of the recovery objectives before and after, in minutes; None if it is not measured in time."""

    what: str
    scenario: str
    rto_before: float | None
    rto: float | None
    rpo_before: float | None
    rpo: float | None
    within: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """The record. `recovery` is None if the former settings are unknown."""

    counts: Mapping[str, Mapping[str, int]]
    failures: Mapping[str, str]
    dangers: list[Danger]
    changes: list[Change]
    dependents: list[graph.Dependents]
    violations: list[Violation]
    one_sided: list[OneSided]
    pair_compared: bool
    recovery: list[Effect] | None
    costs: list[Cost]
    pictures: Mapping[str, str]

    @property
    def exit(self) -> Exit:
        """The exit code of the command: the worst first."""
        if self.failures:
            return Exit.FAILED
        if any(each.blocks for each in self.violations):
            return Exit.VIOLATION
        return Exit.DANGEROUS if self.dangers else Exit.OK

    def record(self) -> dict[str, Any]:
        """The report for JSON."""
        told = asdict(self) | {"exit": int(self.exit), "outcome": self.exit.name.lower()}
        del told["pictures"]
        return told | {"changes": [each.record() for each in self.changes]}


def report(previews: list[Preview]) -> Report:
    """The record of some previews."""
    every = {each.stack: each.changes for each in previews}
    flat = [change for found in every.values() for change in found]
    pair = [stack for stack in read_configuration().pair if stack in every]
    return Report(
        counts={stack: dict(sorted(Counter(one.operation for one in found).items())) for stack, found in every.items()},
        failures={each.stack: each.failure for each in previews if each.failure},
        dangers=[danger for rule in RULES for change in flat for danger in rule(change)],
        changes=[change for change in flat if change.operation != SAME],
        dependents=[each for found in every.values() for each in graph.dependents(found)],
        # The engine's threads report them in any order.
        violations=[
            *(one for each in previews for one in sorted(each.violations, key=lambda one: (one.rule, one.message))),
            *lacking(previews),
        ],
        one_sided=one_sided(every, pair) if len(pair) > 1 else [],
        pair_compared=len(pair) > 1,
        recovery=recovery(previews[0]),
        costs=[one for each in previews for one in each.costs],
        pictures={stack: drawn for stack, found in every.items() if (drawn := graph.picture(found))},
    )


def lacking(previews: list[Preview]) -> list[Violation]:
    """Types that one stack of the pair lacks. The former situation is unknown, so it counts as new."""
    if any(each.failure for each in previews):
        return []
    events = check.lacks({each.stack: frozenset(each.types) for each in previews})
    return [Violation(**vars(event), name=event.stack, known=NEW) for event in events]


def one_sided(every: Mapping[str, list[Change]], pair: list[str]) -> list[OneSided]:
    """What changes in only one stack of the pair, by logical name, type and property."""
    told = {stack: _told(every[stack]) for stack in pair}
    present = {stack: {(one.type, one.name) for one in every[stack]} for stack in pair}
    found: list[OneSided] = []
    for stack, other in ((pair[0], pair[1]), (pair[1], pair[0])):
        for kind, name, path in sorted(told[stack] - told[other]):
            there = "stays as it is" if (kind, name) in present[other] else "is not declared"
            found.append(OneSided(stack=stack, other=other, type=kind, name=name, path=path, there=there))
    return found


def recovery(preview: Preview) -> list[Effect] | None:
    """The rows of the recovery objectives that change, from the former and current settings."""
    old, new = _objectives(preview.settings_before or {}), _objectives(preview.settings)
    if old is None or new is None:
        return None
    return [
        Effect(
            what=now.what,
            scenario=now.scenario,
            rto_before=was.rto_minutes,
            rto=now.rto_minutes,
            rpo_before=was.rpo_minutes,
            rpo=now.rpo_minutes,
            within=now.within,
        )
        for was, now in zip(old, new, strict=True)
        if _figures(was) != _figures(now)
    ]


def _figures(row: Objective) -> tuple[float | None, float | None, bool]:
    return row.rto_minutes, row.rpo_minutes, row.within


def _objectives(files: Mapping[str, Mapping[str, Any]]) -> list[Objective] | None:
    """The objectives, None unless edge and both regions are among the files."""
    for edge, settings in files.items():
        live = settings.get("live")
        others = [stack for stack in settings.get("regions") or [] if stack != live]
        if live in files and len(others) == 1 and others[0] in files:
            return objectives(Declaration.of(files, live, others[0], edge))
    return None


def _told(changes: list[Change]) -> set[tuple[str, str, str]]:
    """What changes, by type, name and property, or operation if the resource is created or deleted."""
    return {
        (one.type, one.name, path)
        for one in changes
        if one.operation != SAME
        for path in ([each.path for each in one.differences] or [one.operation])
    }
