"""Permanent settings of a stack: they cannot change while it is up, because its resources cannot follow them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settings.account import AccountSettings
from settings.edge import EdgeSettings
from settings.judge import StackSettings
from settings.model import Settings
from settings.problems import Path, Problem, shown

END = "destroy the stack first"
MOVE = f"{END}, or bring a new stack of the pair up with it and fail over to that"
RESTORE = f"{END}, or bring a new stack up with it and restore a copy there"


@dataclass(frozen=True, kw_only=True)
class Permanent:
    """A permanent setting: its key in the stack file, and the way to another value."""

    path: Path
    way: str

    @property
    def name(self) -> str:
        """The setting's name in the record of the stack."""
        return ".".join(map(str, self.path))


REGION = (
    # Part of the name of each resource, key and alias; `pulumi stack rename` changes it too.
    Permanent(path=("environment",), way=RESTORE),
    Permanent(path=("account_id",), way=RESTORE),
    # A provider with another region or account replaces everything, including protected resources.
    Permanent(path=("region",), way=MOVE),
    # EC2: a VPC's primary range cannot change; its replacement would replace everything inside.
    Permanent(path=("network", "vpc_cidr"), way=MOVE),
    # RDS: an instance keeps its master user, which replicas and restored databases inherit.
    Permanent(path=("database", "username"), way=f"make another account in the database itself, or {END}"),
    # The owner of the data buckets, and the region of their replicas.
    Permanent(path=("offsite", "home"), way=f"{END}, or restore the data in a new pair"),
    Permanent(path=("offsite", "region"), way=f"{END}, or restore the data in a new pair"),
)
EDGE = (
    Permanent(path=("environment",), way=END),
    # Every record and rule belongs to the zone: visitors of the former one would get no answer.
    Permanent(path=("domain",), way=f"{END}, or bring a second edge up for it"),
    Permanent(path=("zone_id",), way=f"{END}, or bring a second edge up for it"),
    Permanent(path=("cloudflare_account_id",), way=f"{END}, or bring a second edge up for it"),
)
ACCOUNT = (
    Permanent(path=("environment",), way=END),
    Permanent(path=("account_id",), way=f"bring a stack of its own up for the other account, or {END}"),
    # The region of the trail, its bucket and its key, with locked objects.
    Permanent(path=("region",), way=END),
)
OF_A_KIND: Mapping[type[StackSettings], tuple[Permanent, ...]] = {
    Settings: REGION,
    EdgeSettings: EDGE,
    AccountSettings: ACCOUNT,
}


def made_with(settings: StackSettings) -> dict[str, str]:
    """The permanent settings of a stack, by name, except those of blocks that it does not have."""
    found = {row.name: _value(settings, row.path) for row in OF_A_KIND[type(settings)]}
    return {name: value for name, value in found.items() if value is not None}


def changed(settings: StackSettings, recorded: Mapping[str, str]) -> Iterator[Problem]:
    """Settings that differ from those `recorded` when the stack was created; a setting without a record may be set."""
    now = made_with(settings)
    for row in OF_A_KIND[type(settings)]:
        before = recorded.get(row.name)
        if before is not None and row.name in now and now[row.name] != before:
            yield Problem(
                path=row.path,
                text=f"{shown(now[row.name])} cannot take the place of {shown(before)} while the stack is up; want "
                f"{shown(before)}, or {row.way}",
            )


def _value(settings: StackSettings, path: Path) -> str | None:
    found: object = settings
    for name in path:
        found = getattr(found, str(name), None)
    return None if found is None else str(found)
