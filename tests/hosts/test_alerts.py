"""Prometheus's own promtool tests the rules: each fires at each severity, and is quiet below its threshold."""

import json
from collections.abc import Callable, Iterable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from alert_cases import CASES, Case
from debian import Host

from hosts.roles import WEB
from monitoring.rules import rules
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
QUIET = {"series": 'up{job="askproai"}', "values": "1"}
END_MINUTES = max(case.minutes for case in CASES) + 5


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(made(Paths.of()), tmp_path_factory.mktemp("host"), WEB, {})


def test_the_rules_are_what_prometheus_takes(host: Host) -> None:
    host.write("/rules.yml", rules())
    done = host.run("promtool", "check", "rules", "--lint=all", "--lint-fatal", "/rules.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    host.write("/rules.yml", rules().replace("for: 5m", "for: five"))
    assert host.run("promtool", "check", "rules", "/rules.yml").returncode != 0


def test_each_rule_has_its_case() -> None:
    declared = {
        (rule["alert"], rule["labels"]["severity"])
        for group in yaml.safe_load(rules())["groups"]
        for rule in group["rules"]
    }
    assert {(case.alert, case.severity) for case in CASES} == declared - {("Heartbeat", "heartbeat")}


def firing(alert: str, severity: str, minutes: int, alerts: int) -> dict[str, Any]:
    """At that minute this many alerts fire."""
    selector = f"ALERTS{{alertname='{alert}',severity='{severity}',alertstate='firing'}}"
    samples = [{"labels": "{}", "value": alerts}] if alerts else []
    return {"expr": f"count({selector})", "eval_time": f"{minutes}m", "exp_samples": samples}


def series(case: Case, *, fires: bool) -> Iterator[dict[str, str]]:
    for name, value in case.series.items():
        chosen = value if isinstance(value, str) else value[fires]
        step = chosen if "+" in chosen else f"{chosen}+0"
        yield {"series": name, "values": f"{step}x{2 * END_MINUTES}"}


def expected(case: Case, *, fires: bool) -> list[dict[str, Any]]:
    if not fires:
        return [firing(case.alert, case.severity, END_MINUTES, 0)]
    # A rate has a value from the second sample on, half a minute after the first.
    return [
        firing(case.alert, case.severity, case.minutes - 1, 0),
        firing(case.alert, case.severity, case.minutes + 2, 1),
    ]


def groups() -> Iterator[dict[str, Any]]:
    """All alerts of a severity at once: promtool takes most of its time for each group."""
    for severity in ("warning", "critical"):
        cases = [case for case in CASES if case.severity == severity]
        for fires in (True, False):
            yield {
                "interval": "30s",
                "input_series": [own for case in cases for own in series(case, fires=fires)],
                "promql_expr_test": [own for case in cases for own in expected(case, fires=fires)],
            }


def judged(host: Host, text: str, tests: Iterable[dict[str, Any]]) -> CompletedProcess[str]:
    host.write("/rules.yml", text)
    content = {"rule_files": ["/rules.yml"], "evaluation_interval": "30s", "tests": list(tests)}
    host.write("/tests.yml", json.dumps(content))
    return host.run("promtool", "test", "rules", "/tests.yml")


def test_each_rule_fires_after_its_time_and_is_quiet_at_its_threshold(host: Host) -> None:
    done = judged(host, rules(), groups())
    assert done.returncode == 0, done.stdout + done.stderr


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    content = yaml.safe_load(rules())
    for group in content["groups"]:
        for rule in group["rules"]:
            change(rule)
    return yaml.safe_dump(content)


def opposite(rule: dict[str, Any]) -> None:
    query, sign, limit = rule["expr"].rsplit(" ", 2)
    rule["expr"] = f"{query} {'<=' if sign == '>' else '>='} {limit}"


def slower(rule: dict[str, Any]) -> None:
    rule["for"] = f"{int(rule['for'].removesuffix('m')) + 3}m"


def sooner(rule: dict[str, Any]) -> None:
    rule["for"] = f"{max(int(rule['for'].removesuffix('m')) - 2, 0)}m"


@pytest.mark.parametrize("change", [opposite, slower, sooner])
def test_no_case_passes_with_another_rule(host: Host, change: Callable[[dict[str, Any]], None]) -> None:
    done = judged(host, changed(change), groups())
    said = done.stdout + done.stderr
    passed = [case for case in CASES if f"alertname='{case.alert}',severity='{case.severity}'" not in said]
    assert passed == []


def test_the_heartbeat_always_fires(host: Host) -> None:
    always = [
        {"interval": "30s", "input_series": [QUIET], "promql_expr_test": [firing("Heartbeat", "heartbeat", 0, 1)]}
    ]
    done = judged(host, rules(), always)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_message_says_how_bad_it_is_and_where_the_runbook_is(host: Host) -> None:
    message = {
        "alertname": "Backlog",
        "eval_time": "16m",
        "exp_alerts": [
            {
                "exp_labels": {"severity": "warning", "queue": "default"},
                "exp_annotations": {
                    "summary": "Jobs pile up: there are too few workers, or they fail.",
                    "description": "It is 1234; the limit is 1000, for 15 minutes.",
                    "runbook": "docs/alerts/queue-backlog.md",
                },
            }
        ],
    }
    size = 'askproai_queue_size{job="askproai",queue="default"}'
    series_of_size = [{"series": size, "values": "1234+0x40"}]
    done = judged(host, rules(), [{"interval": "30s", "input_series": series_of_size, "alert_rule_test": [message]}])
    assert done.returncode == 0, done.stdout + done.stderr
