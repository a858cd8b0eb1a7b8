"""The result of `make sandbox`: three stacks, access through the edge, and data that reaches the standby."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core.engine import DEBUG
from ops.core.loaded_program import LoadedProgram
from ops.core.stack_files import PROJECT_VARIABLE
from ops.errors import Exit
from tests.e2e.operated import Platform, sandbox

pytestmark = pytest.mark.e2e
ARRIVAL_SECONDS = 180.0
CHECKS = ("", "/database", "/redis", "/queue")


def test_status_names_every_stack_and_how_to_visit(edge: Platform) -> None:
    told = sandbox(edge.paths, "status").stdout
    rows = [line.split() for line in told.splitlines() if line.startswith("│ stack ")]
    assert {row[2]: "not brought up" in " ".join(row) for row in rows} == {
        "prod": False, "dr": False, "edge": False, "staging": True, "account": True,
    }  # fmt: skip
    assert [row[2] for row in rows if "live" in row] == ["prod"]
    assert edge.variables["ASKPROAI_EDGE_URL"] in told
    assert "curl -H 'Host: app." in told


def test_a_second_run_of_the_standby_changes_nothing(standby: Platform) -> None:
    standby.pulumi("preview", "--expect-no-changes")


def test_a_program_that_operators_have_loaded_declares_the_same_edge(
    edge: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROJECT_VARIABLE, str(edge.paths.project))
    with LoadedProgram() as program:
        assert program.options
        debugging = replace(edge, variables={**edge.variables, **DEBUG})
        debugging.pulumi("preview", "--expect-no-changes", *program.options)


@pytest.mark.parametrize("check", CHECKS)
def test_the_platform_is_healthy_through_the_edge(edge: Platform, check: str) -> None:
    # Checks of database, cache and queue are for operators, at a region's own name.
    host = "origin-prod" if check else "app"
    answer = edge.visit(f"{host}.{edge.setting('domain')}", f"/api/health{check}")
    assert (answer.status_code, answer.json()["region"]) == (200, "eu-central-1")


def test_the_standby_says_why_it_does_not_serve(edge: Platform) -> None:
    answer = edge.visit(f"origin-dr.{edge.setting('domain')}", "/api/health")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"web": "no instance in service"})


def test_the_morning_checklist_finds_only_the_missing_backups(
    prod: Platform, standby: Platform, edge: Platform
) -> None:
    asked = edge.ops("check", "--json", "--report", check=False)
    found = json.loads(asked.stdout)["findings"]
    told = {(each["stack"], each["check"]): (each["verdict"], each["says"].partition(";")[0]) for each in found}
    assert {where: said for where, said in told.items() if said[0] not in ("ok", "-")} == {
        ("prod", "backups"): ("look", "none"),
    }
    assert asked.returncode == Exit.REFUSED
    assert [reported(platform, stack) for stack, platform in (("prod", prod), ("dr", standby))] == [[1], [1]]


def reported(platform: Platform, stack: str) -> list[float]:
    """The metric of the checklist's alarm in a region."""
    cloudwatch = platform.client("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[f"askproai-{stack}-alarms-checklist-bad-warning"])["MetricAlarms"]
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        **{key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions", "Period")},
        Statistics=[alarm["Statistic"]],
        StartTime=now - timedelta(hours=2),
        EndTime=now + timedelta(minutes=1),
    )["Datapoints"]
    return [point["Maximum"] for point in points]


def test_a_row_that_visitors_write_reaches_the_standby(edge: Platform) -> None:
    host = f"app.{edge.setting('domain')}"
    assert edge.visit(host, "/api/canary", row=1).status_code == 201
    assert edge.visit(host, "/api/canary").json()["last_id"] == 1
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while (links := edge.replication()["links"]) and links[0]["rows"] == 0 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert [(link["region"], link["rows"]) for link in links] == [("eu-west-1", 1)]


def test_an_upload_reaches_the_other_region(prod: Platform, standby: Platform) -> None:
    uploads, copies = "askproai-prod-uploads-123456789012", "askproai-prod-uploads-replica-123456789012"
    here = prod.client("s3")
    put = here.put_object(Bucket=uploads, Key="canary", Body=b"here")
    there = standby.client("s3")
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not there.list_objects_v2(Bucket=copies)["KeyCount"] and time.monotonic() < deadline:
        time.sleep(0.5)
    copy = there.get_object(Bucket=copies, Key="canary")
    assert copy["Body"].read() == b"here"
    # A bucket with objects cannot be destroyed.
    there.delete_object(Bucket=copies, Key="canary", VersionId=copy["VersionId"])
    here.delete_object(Bucket=uploads, Key="canary", VersionId=put["VersionId"])
