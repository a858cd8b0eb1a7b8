"""The pack's configuration and the exceptions from its rules, read from the two YAML files beside this module."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from yaml_text import YamlTextError, parse

FOLDER = Path(__file__).parent
CONFIGURATION = FOLDER / "configuration.yaml"
EXCEPTIONS = FOLDER / "exceptions.yaml"


class Level(StrEnum):
    """The effect of a violation: it fails the preview, it is shown, or the rule is not checked."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Enforcement:
    """The level of each rule: `stacks` overrides `rules`, which overrides `default`."""

    default: Level
    rules: Mapping[str, Level]
    stacks: Mapping[str, Mapping[str, Level]]

    def level(self, rule: str, stack: str) -> Level:
        """The level of a rule in a stack."""
        return self.stacks.get(stack, {}).get(rule) or self.rules.get(rule, self.default)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Facts that rules need and no resource contains. configuration.yaml describes the fields."""

    allowed_regions: frozenset[str]
    account_stack: str
    independent_of_region: Mapping[str, str]
    worker_timeout_seconds: int
    rpo_minutes: int
    rto_minutes: float
    takeover_minutes: Mapping[str, float]
    admin_hosts: frozenset[str]
    pair: tuple[str, ...]
    may_lack: Mapping[str, frozenset[str]]
    enforcement: Enforcement


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """An exception from a rule; `resource` is a pattern of logical names, or the stack's name."""

    rule: str
    stack: str
    resource: str
    owner: str
    reason: str
    expires: date

    def covers(self, rule: str, stack: str, resource: str) -> bool:
        """Whether the exception applies to a violation."""
        return (self.rule, self.stack) == (rule, stack) and fnmatchcase(resource, self.resource)

    def expired(self, today: date) -> bool:
        """Whether the exception has expired; it is valid on its last day."""
        return today > self.expires


def read_configuration(path: Path = CONFIGURATION) -> Configuration:
    """Read the configuration. Raises TypeError for a missing or unknown key, else ValueError."""
    raw = _content(path)
    enforcement = raw.pop("enforcement")
    return Configuration(
        allowed_regions=frozenset(raw.pop("allowed_regions")),
        admin_hosts=frozenset(raw.pop("admin_hosts")),
        pair=tuple(raw.pop("pair")),
        may_lack={stack: frozenset(types) for stack, types in raw.pop("may_lack").items()},
        enforcement=Enforcement(
            default=Level(enforcement["default"]),
            rules=_levels(enforcement["rules"]),
            stacks={stack: _levels(rules) for stack, rules in enforcement["stacks"].items()},
        ),
        **raw,
    )


def read_exceptions(path: Path = EXCEPTIONS) -> list[Exemption]:
    """Read the exceptions, one for each stack named. Raises as read_configuration does."""
    rows: list[dict[str, Any]] = _content(path) or []
    return [_exemption({"resource": "*", **row, "stack": stack}) for row in rows for stack in row.pop("stacks")]


def _content(path: Path) -> Any:
    try:
        return parse(path.read_text())
    except YamlTextError as error:
        raise YamlTextError(f"{path}: {error}") from None


def _exemption(row: dict[str, Any]) -> Exemption:
    return Exemption(**row)


def _levels(raw: Mapping[str, Any]) -> dict[str, Level]:
    return {rule: Level(level) for rule, level in raw.items()}
