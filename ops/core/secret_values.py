"""What Secrets Manager reports about the values of a stack's secrets, never the values: their existence and age."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.core.aws import client, if_present, rows
from ops.core.pair import RegionStack

CURRENT = "AWSCURRENT"
"""Secrets Manager's label of the current version."""


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """A secret of a stack by its name in the outputs; `written` is None if it has no value yet."""

    name: str
    written: datetime | None
    kept_days: int

    @property
    def age_days(self) -> int | None:
        """Whole days since its value was written."""
        return (datetime.now(UTC) - self.written).days if self.written else None

    @property
    def due(self) -> datetime | None:
        """When it is to be rotated."""
        return self.written + timedelta(days=self.kept_days) if self.written else None

    @property
    def is_overdue(self) -> bool:
        """Whether it is due."""
        return self.due is not None and self.due < datetime.now(UTC)


def values(stack: RegionStack) -> Iterator[SecretValue]:
    """Each secret of a stack, from AWS in the stack's region."""
    for name, arn in sorted(stack.output("secret_arns").items()):
        days = stack.settings.secrets.rotation_days
        yield SecretValue(name=name, written=written(stack, arn), kept_days=days)


def written(stack: RegionStack, arn: str) -> datetime | None:
    """When the current value of a secret was written; None if it has none, or does not exist."""
    manager = client("secretsmanager", stack.region)
    # AWS omits versions without a label, of earlier values, unless they are requested.
    versions = if_present(lambda: list(rows(manager, "list_secret_version_ids", SecretId=arn))) or []
    return max((each["CreatedDate"] for each in versions if CURRENT in each.get("VersionStages", [])), default=None)


def without_value(stack: RegionStack) -> list[str]:
    """The accounts on the stack's database that were never created: their secrets have no value."""
    return [name for name, arn in sorted(stack.accounts.items()) if written(stack, arn) is None]
