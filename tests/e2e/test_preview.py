"""`ops preview` on the real engine: sample changes show the facts that a reviewer needs, and change nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.errors import Exit
from tests.e2e.operated import Platform, Platforms
from tools.samples import SAMPLES, asked, changed

pytestmark = pytest.mark.e2e
Told = tuple[int, dict[str, Any], str]
Ask = Callable[[str], Told]


@pytest.fixture
def ask(three_stacks: Platforms) -> Ask:
    """The result of `ops preview` for a sample change: exit code, JSON and comment."""
    prod = three_stacks["prod"]
    return lambda key: asked(prod.paths, prod.variables, SAMPLES[key])


def dangers(told: Told) -> set[tuple[str, str]]:
    return {(each["kind"], each["name"]) for each in told[1]["dangers"]}


def properties(told: Told) -> dict[tuple[str, str], tuple[Any, Any]]:
    """What changes, by resource and property, with the value before and after."""
    return {
        (each["name"], one["path"]): (one["old"], one["new"])
        for each in told[1]["changes"]
        for one in each["properties"]
    }


def violated(told: Told) -> set[tuple[str, str]]:
    return {(each["rule"], each["name"]) for each in told[1]["violations"] if each["known"] == "new"}


def test_a_resized_database_is_down_for_a_failover(ask: Ask) -> None:
    told = ask("database-resized")
    assert told[0] == Exit.DANGEROUS
    assert dangers(told) == {("downtime", "database-instance")}
    assert properties(told) == {("database-instance", "instanceClass"): ("db.m6i.4xlarge", "db.m6i.2xlarge")}
    (of,) = told[1]["dependents"]
    assert "alarms-database-cpu-warning" in of["direct"]


def test_a_replaced_subnet_interrupts_what_is_in_it(ask: Ask) -> None:
    told = ask("subnet-replaced")
    assert told[0] in (Exit.DANGEROUS, Exit.VIOLATION)
    assert ("downtime", "network-data-a") in dangers(told)
    (of,) = [each for each in told[1]["dependents"] if each["name"] == "network-data-a"]
    assert "database-subnets" in of["direct"] or of["all"] > len(of["direct"])


def test_a_port_that_is_open_to_the_world_is_dangerous_and_breaks_a_policy(ask: Ask) -> None:
    told = ask("port-opened")
    assert told[0] == Exit.VIOLATION
    assert dangers(told) == {("access widened", "firewall-web")}
    assert ("group-admin-ports-closed", "firewall-web") in violated(told)
    assert "0.0.0.0/0" in told[2].split("## Resources")[0]


def test_a_dropped_backup_rule_is_protection_removed_and_breaks_a_policy(ask: Ask) -> None:
    told = ask("backup-rule-dropped")
    assert told[0] == Exit.VIOLATION
    assert dangers(told) == {("protection removed", "backups-plan")}
    assert ("backup-kept-a-month", "backups-plan") in violated(told)


def test_a_change_of_prod_alone_is_said_to_be_one(ask: Ask) -> None:
    told = ask("prod-alone")
    assert told[1]["pair_compared"]
    assert told[1]["one_sided"]
    assert {each["stack"] for each in told[1]["one_sided"]} == {"prod"}
    assert set(told[1]["counts"]) == {"prod", "dr"}
    assert set(told[1]["counts"]["dr"]) == {"same"}


def test_a_limit_of_the_firewall_is_shown_with_both_values(ask: Ask) -> None:
    told = ask("waf-limit")
    assert (2000, 4000) in properties(told).values()
    assert dangers(told) == set()


def test_a_tag_is_not_dangerous_and_its_text_stays_text(ask: Ask) -> None:
    told = ask("tag")
    assert told[0] == Exit.OK
    assert properties(told)["queues-high", "tags.Team"] == (None, "orders | <b>@all</b>")
    assert "<b>" not in told[2]


def test_an_alert_threshold_is_not_dangerous(ask: Ask) -> None:
    told = ask("alert-threshold")
    assert dangers(told) == set()
    assert properties(told) == {("alarms-hosts-cpu-web-blue-critical", "threshold"): (90, 95)}


def test_a_deleted_queue_loses_messages_though_the_engine_stops_at_its_protection(ask: Ask) -> None:
    told = ask("queue-deleted")
    assert told[0] == Exit.FAILED
    assert "because it is protected" in told[1]["failures"]["prod"]
    assert ("data lost", "queues-notifications") in dangers(told)
    assert ("protection removed", "alarms-backlog-notifications-critical") in dangers(told)


def test_a_record_past_cloudflare_is_protection_removed(ask: Ask) -> None:
    told = ask("record-unproxied")
    assert ("protection removed", "dns-app") in dangers(told)
    assert properties(told)["dns-app", "proxied"] == (True, False)


def test_a_rotated_secret_is_named_and_in_nothing_that_one_job_keeps_for_another(
    prod: Platform, tmp_path: Path
) -> None:
    sample = SAMPLES["secret-rotated"]
    (value,) = sample.secrets.values()
    told, said = tmp_path / "told.json", tmp_path / "said.md"
    with changed(prod.paths, prod.variables, sample) as variables:
        within = Platform(prod.paths, variables, "prod")
        kept_in = ("--save", str(tmp_path / "kept"), "--base", str(prod.paths.project))
        shown = within.ops("preview", "prod", *kept_in).stdout
    kept = (tmp_path / "kept" / "prod.json").read_text()
    assert value not in shown + kept
    assert "ciphertext" not in kept
    alone = Platform(prod.paths, {"PATH": prod.variables["PATH"]}, "prod")
    read = ("preview", "--from", str(tmp_path / "kept"), "--json", str(told), "--markdown", str(said))
    done = alone.ops(*read, check=False)
    found = (done.returncode, json.loads(told.read_text()), said.read_text())
    assert done.returncode == Exit.OK
    assert ("[secret]", "[secret]") in properties(found).values()
    assert value not in done.stdout + json.dumps(found[1]) + found[2]
    assert "app" in found[2]


def test_a_preview_changes_nothing(three_stacks: Platforms) -> None:
    assert three_stacks["edge"].preview() == {}
