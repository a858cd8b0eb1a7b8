"""The policy pack on the real engine: the stacks pass it, and components with changed settings do not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.core.stack_files import PROJECT_VARIABLE
from policies import edge
from policies.configuration import read_configuration, read_exceptions
from sandbox.project.paths import CHECKOUT
from tests.e2e.operated import Platform, Platforms, run
from tools import samples

pytestmark = pytest.mark.e2e
LAXER = {
    "allow_destroy_of": "prod",
    "database.backup_retention_days": "7",
    "keys.deletion_window_days": "7",
    "workers.queues.default.visibility_timeout_seconds": "30",
    "workers.timeout_seconds": "20",
}
"""Settings that are valid but break rules."""
BROKEN = {
    "balancer-kept": "balancer-load-balancer",
    "bucket-not-emptied-on-delete": "storage-uploads-bucket",
    "database-backups-kept": "database-instance",
    "database-deletion-protected": "database-instance",
    "key-deletion-slow": "keys-data",
    "queue-visibility-outlasts-worker": "queues-default",
}
CHANGED_EDGE: dict[str, dict[str, Any]] = {
    "access-monitoring": {"domain": "elsewhere.example.org"},
    "access-operators": {"includes": [{"everyone": {}}]},
    "dns-app": {"proxied": False},
    "dns-dnssec": {"status": "disabled"},
    "firewall-managed-rules": {"rules": []},
    "firewall-rate-limits": {"rules": []},
    "tls-always-use-https": {"value": "off"},
    "tls-min-tls-version": {"value": "1.0"},
    "tls-origin-pulls": {"enabled": False},
    "tls-ssl": {"value": "full"},
}
"""Inputs that no setting can have, by the resource's logical name."""
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
"""The rules that they break."""


@contextmanager
def changed(platform: Platform, **change: Any) -> Iterator[Platform]:
    """The stack in a changed copy of the sandbox's project."""
    sample = samples.Sample(title="a change", stacks=(platform.stack,), **change)
    with samples.changed(platform.paths, platform.variables, sample) as variables:
        yield replace(platform, variables={**variables, "PYTHONPATH": str(CHECKOUT)})


def check(platform: Platform, *stacks: str) -> tuple[int, list[str]]:
    """What `make policies` runs: its exit status and its lines."""
    command = [platform.paths.python, "-m", "policies.check", *stacks]
    done = run(command, platform.variables, check=False, folder=Path(platform.variables[PROJECT_VARIABLE]))
    return done.returncode, done.stdout.splitlines()


def broken(lines: list[str], level: str) -> set[tuple[str, str]]:
    """Rules and resources of a level's violations."""
    cells = [line.split(": ") for line in lines]
    return {(found[2], found[3]) for found in cells if len(found) > 3 and found[1] == level}


@pytest.fixture(scope="module")
def all_stacks(three_stacks: Platforms) -> tuple[int, list[str]]:
    """The pack's result for every unchanged stack."""
    with changed(three_stacks["prod"]) as same:
        return check(same)


def test_every_stack_passes_the_pack(all_stacks: tuple[int, list[str]], three_stacks: Platforms) -> None:
    status, lines = all_stacks
    assert broken(lines, "mandatory") == set()
    # The account stack is not up here: everything that it would create is checked.
    passing = sorted(line.partition(":")[0] for line in lines if ": passes: " in line)
    assert passing == sorted([*three_stacks, read_configuration().account_stack])
    assert status == 0


def test_what_a_stack_breaks_has_an_exception_of_its_own(all_stacks: tuple[int, list[str]]) -> None:
    _status, lines = all_stacks
    exceptions = [each for each in read_exceptions() if not each.expired(datetime.now(UTC).date())]
    excepted = {(each.stack, each.rule) for each in exceptions}
    assert {(line.split(": ")[0], line.split(": ")[2]) for line in lines if ": advisory: " in line} == excepted


def test_settings_that_are_laxer_than_the_rules_are_refused_in_each_area(prod: Platform) -> None:
    with changed(prod, settings=LAXER) as laxer:
        status, lines = check(laxer, "prod")
    assert status == 1
    assert set(BROKEN.items()) <= broken(lines, "mandatory")
    assert lines[-1].startswith("prod: FAILS: ")


def test_every_rule_of_the_edge_fires_where_a_transformation_breaks_it(three_stacks: Platforms) -> None:
    assert set(BROKEN_EDGE) == {rule.id for rule in edge.POLICIES}
    # The engine does not show the pack a change of an ignored property.
    resources = {name: f"props.update({inputs!r}); opts.ignore_changes = []" for name, inputs in CHANGED_EDGE.items()}
    with changed(three_stacks["edge"], resources=resources) as other:
        status, lines = check(other, "edge")
    assert status == 1
    assert broken(lines, "mandatory") == set(BROKEN_EDGE.items())


def test_plain_pulumi_shows_a_violation_and_ends_with_an_error(prod: Platform) -> None:
    with changed(prod, settings={"database.backup_retention_days": "7"}) as laxer:
        refused = run(
            [prod.paths.wrapper, "preview", "--stack", "prod", "--policy-pack", str(CHECKOUT / "policies")],
            laxer.variables,
            check=False,
            folder=Path(laxer.variables[PROJECT_VARIABLE]),
        )
    shown = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "database-backups-kept: database-instance: found backupRetentionPeriod 7; wanted" in shown
