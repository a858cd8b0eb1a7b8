"""The policy pack on the real engine: the stacks pass it, and components that are changed through settings do not."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies import edge
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
BROKEN_EDGE = {
    "access-not-for-everybody": "access-operators",
    "edge-admin-hosts-behind-login": "dns-monitoring",
    "edge-dns-signed": "edge",
    "edge-https-always": "edge",
    "edge-rate-limited": "edge",
    "edge-shows-certificate": "edge",
    "edge-tls-recent": "edge",
    "edge-tls-strict": "edge",
    "edge-waf-on": "edge",
    "record-proxied": "dns-app",
}
"""What tests/e2e/changed breaks: no setting can."""


@contextmanager
def transformed(platform: Platform) -> Iterator[None]:
    """The stack's program with the transformation of tests/e2e/changed."""
    file = platform.paths.project / "Pulumi.yaml"
    before = file.read_text()
    program = os.path.relpath(Path(__file__).parent / "changed", platform.paths.project)
    try:
        file.write_text(re.sub("^main: .*$", f"main: {program}", before, flags=re.MULTILINE))
        yield
    finally:
        file.write_text(before)


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


def test_every_rule_of_the_edge_fires_where_a_transformation_breaks_it(three_stacks: Platforms) -> None:
    assert set(BROKEN_EDGE) == {rule.id for rule in edge.POLICIES}
    with transformed(three_stacks["edge"]):
        status, lines = check(three_stacks["edge"], "edge")
    assert status == 1
    assert broken(lines, "mandatory") == set(BROKEN_EDGE.items())


def test_plain_pulumi_shows_a_violation_and_ends_with_an_error(prod: Platform) -> None:
    with changed(prod, {"database.backup_retention_days": "7"}):
        refused = prod.pulumi("preview", "--policy-pack", "policies", check=False)
    shown = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "database-backups-kept: database-instance: found backupRetentionPeriod 7; wanted" in shown
