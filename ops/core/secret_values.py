"""What Secrets Manager reports about the values of a stack's secrets, never the values: their existence and age."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.core.aws import client, if_present, rows
from ops.core.pair import RegionStack

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
"""Secrets Manager's labels of the current version, and of the pending one."""


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """A secret of a stack by its name in the outputs; `written` is None if it has no value yet.

    A rotation gives an account's `version` the same identifier in both regions.
    """

    name: str
    version: str | None
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
        found = current(stack, arn)
        yield SecretValue(name=name, version=found.get("VersionId"), written=found.get("CreatedDate"), kept_days=days)


def current(stack: RegionStack, arn: str) -> dict[str, Any]:
    """What Secrets Manager lists about a secret's current version; empty if it has none, or does not exist."""
    manager = client("secretsmanager", stack.region)
    # AWS omits versions without a label, of earlier values, unless they are requested.
    found = if_present(lambda: list(rows(manager, "list_secret_version_ids", SecretId=arn))) or []
    return next((dict(each) for each in found if CURRENT in each.get("VersionStages", [])), {})


def current_value(region: str, secret: str) -> tuple[str, str] | None:
    """The version and the text that hosts read, never for the screen; None if there is none."""
    manager = client("secretsmanager", region)
    answer = if_present(lambda: manager.get_secret_value(SecretId=secret, VersionStage=CURRENT))
    return (str(answer["VersionId"]), str(answer.get("SecretString", ""))) if answer else None


def versions(region: str, secret: str) -> dict[str, list[str]]:
    """The labels of each version of a secret."""
    return dict(client("secretsmanager", region).describe_secret(SecretId=secret).get("VersionIdsToStages") or {})


def write(region: str, secret: str, version: str, content: str) -> None:
    """Write a version beside the one that is read, where it is not there."""
    if version not in versions(region, secret):
        client("secretsmanager", region).put_secret_value(
            SecretId=secret, SecretString=content, ClientRequestToken=version, VersionStages=[PENDING]
        )


def make_current(region: str, secret: str, version: str) -> None:
    """Have a version be the one that is read. The very first one is from the beginning."""
    (current,) = [each for each, labels in versions(region, secret).items() if CURRENT in labels]
    if current != version:
        client("secretsmanager", region).update_secret_version_stage(
            SecretId=secret, VersionStage=CURRENT, MoveToVersionId=version, RemoveFromVersionId=current
        )


def without_value(stack: RegionStack) -> list[str]:
    """The accounts on the stack's database that were never created: their secrets have no value."""
    return [name for name, arn in sorted(stack.accounts.items()) if not current(stack, arn)]
