"""The policy pack on the real engine: the stacks pass it, and components that are changed through settings do not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from policies.configuration import read_exceptions
from tests.e2e.operated import Platform, Platforms, run

pytestmark = pytest.mark.e2e
LAXER = {
    "allow_destroy_of": "prod",
    "database.backup_retention_days": "7",
    "keys.deletion_window_days": "7",
    "offsite.copy_every_hours": "2",
    "recovery.rpo_minutes": "180",
    "workers.queues.default.visibility_timeout_seconds": "30",
    "workers.timeout_seconds": "20",
}
"""What the settings allow and the rules do not."""
BROKEN = {
    "balancer-kept": "balancer-load-balancer",
    "bucket-not-emptied-on-delete": "storage-uploads-bucket",
    "database-backups-kept": "database-instance",
    "database-copied-within-rpo": "database-instance",
    "database-deletion-protected": "database-instance",
    "key-deletion-slow": "keys-data",
    "queue-visibility-outlasts-worker": "queues-default",
}


@contextmanager
def changed(platform: Platform, values: dict[str, str]) -> Iterator[None]:
    """The stack with other values in its file, as it was afterwards."""
    file = platform.paths.project / f"Pulumi.{platform.stack}.yaml"
    before = file.read_text()
    try:
        for path, value in values.items():
            platform.pulumi("config", "set", "--path", path, value)
        yield
    finally:
        file.write_text(before)


def check(platform: Platform, *stacks: str) -> tuple[int, list[str]]:
    """What `make policies` runs: its exit status and its lines."""
    done = run([platform.paths.python, "-m", "policies.check", *stacks], platform.variables, check=False)
    return done.returncode, done.stdout.splitlines()


def broken(lines: list[str], level: str) -> set[tuple[str, str]]:
    """Rules and resources of a level's violations."""
    cells = [line.split(": ") for line in lines]
    return {(found[2], found[3]) for found in cells if len(found) > 3 and found[1] == level}


@pytest.fixture(scope="module")
def all_stacks(three_stacks: Platforms) -> tuple[int, list[str]]:
    """The pack asked about every stack as it is."""
    return check(three_stacks["prod"])


def test_every_stack_passes_the_pack(all_stacks: tuple[int, list[str]], three_stacks: Platforms) -> None:
    status, lines = all_stacks
    assert broken(lines, "mandatory") == set()
    assert sorted(line.partition(":")[0] for line in lines if ": passes: " in line) == sorted(three_stacks)
    assert status == 0


def test_what_a_stack_breaks_has_an_exception_of_its_own(all_stacks: tuple[int, list[str]]) -> None:
    _status, lines = all_stacks
    exceptions = [each for each in read_exceptions() if not each.expired(datetime.now(UTC).date())]
    excepted = {(each.stack, each.rule) for each in exceptions}
    assert {(line.split(": ")[0], line.split(": ")[2]) for line in lines if ": advisory: " in line} == excepted


def test_settings_that_are_laxer_than_the_rules_are_refused_in_each_area(prod: Platform) -> None:
    with changed(prod, LAXER):
        status, lines = check(prod, "prod")
    assert status == 1
    assert set(BROKEN.items()) <= broken(lines, "mandatory")
    assert lines[-1].startswith("prod: FAILS: ")


def test_plain_pulumi_shows_a_violation_and_ends_with_an_error(prod: Platform) -> None:
    with changed(prod, {"database.backup_retention_days": "7"}):
        refused = prod.pulumi("preview", "--policy-pack", "policies", check=False)
    shown = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "database-backups-kept: database-instance: found backupRetentionPeriod 7; wanted" in shown
