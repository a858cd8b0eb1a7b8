"""The workflows: their commands exist, their requirements are documented, and no stack has two updates."""

import re
import shlex
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from stack_files import ROOT

from monitoring.alerts.itself import CHECKLIST, ITSELF
from ops import cli
from policies.check import declared_stacks

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
PAGE = (ROOT / "docs/workflows.md").read_text()
PIN = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")
NEEDED = re.compile(r"\$\{\{\s*(?:vars|secrets)\.(\w+)\s*\}\}|\$\{\{\s*(github\.token)\s*\}\}")
ROW = re.compile(r"^\| `([\w.]+)` \| (variable|role|secret|token) \|", re.MULTILINE)
HARMLESS = {"echo", "mkdir", "tar"}

Job = Mapping[str, Any]
by_name = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def workflow(file: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(file.read_text()))


def triggers(file: Path) -> Mapping[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return dict(workflow(file)[True])


def jobs(file: Path) -> Mapping[str, Job]:
    return dict(workflow(file)["jobs"])


def steps(job: Job) -> list[Mapping[str, Any]]:
    return list(job.get("steps", []))


def uses(job: Job, action: str) -> list[Mapping[str, Any]]:
    return [step["with"] for step in steps(job) if step.get("uses", "").startswith(f"{action}@")]


def needed(file: Path) -> set[str]:
    return {name or token for name, token in NEEDED.findall(file.read_text())}


def commands() -> Iterator[tuple[str, list[str]]]:
    for file in FILES:
        for job in jobs(file).values():
            for step in steps(job):
                for line in str(step.get("run", "")).splitlines():
                    yield file.name, shlex.split(line)


@by_name
def test_every_action_is_pinned_to_a_commit_with_its_version(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PIN.search(line) and "uses: ./" not in line] == []
    assert [line for line in lines if "uses: ./" in line and not (ROOT / line.split("uses: ")[1]).is_file()] == []


def test_an_action_has_one_commit_in_all_workflows() -> None:
    pins = {pin for file in FILES for pin in PIN.findall(file.read_text())}
    assert len(pins) == len({action for action, _, _ in pins}) == 6


@by_name
def test_nothing_is_permitted_but_to_a_job_that_ends(file: Path) -> None:
    assert workflow(file)["permissions"] == {}
    for job in jobs(file).values():
        assert job["permissions"]["contents"] == "read"
        assert "uses" in job or 0 < job["timeout-minutes"] <= 180


@by_name
def test_a_token_for_a_role_goes_to_jobs_that_assume_one(file: Path) -> None:
    for job in jobs(file).values():
        assumes = bool(uses(job, "aws-actions/configure-aws-credentials")) or "uses" in job
        assert (job["permissions"].get("id-token") == "write") == assumes
        written = {name for name, right in job["permissions"].items() if right == "write"}
        assert len(written) <= 1


def test_the_job_that_writes_the_comment_has_no_role() -> None:
    writers = [job for file in FILES for job in jobs(file).values() if "pull-requests" in job["permissions"]]
    (writer,) = writers
    assert not uses(writer, "aws-actions/configure-aws-credentials")
    assert writer["permissions"] == {"contents": "read", "pull-requests": "write"}


@by_name
def test_a_pull_request_of_a_fork_gets_nothing(file: Path) -> None:
    given = triggers(file)
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(given)
    if "pull_request" in given:
        for job in jobs(file).values():
            own = "github.event.pull_request.head.repo.full_name == github.repository" in str(job.get("if"))
            assert own or job["permissions"] == {"contents": "read"}


def test_what_changes_a_stack_runs_alone_and_to_its_end() -> None:
    changing = {
        file.name for file in FILES for job in jobs(file).values() if any(
            given.get("command") == "up" for given in uses(job, "pulumi/actions")
        )
    }  # fmt: skip
    assert changing == {"deploy-stack.yml"}
    callers = [file for file in FILES if any("deploy-stack.yml" in job.get("uses", "") for job in jobs(file).values())]
    (caller,) = callers
    # A constant: a group by branch or commit would let two deployments run.
    assert workflow(caller)["concurrency"] == {"group": "deploy", "cancel-in-progress": False}
    assert triggers(caller)["push"]["branches"] == ["main"]
    assert set(triggers(caller)) == {"push"}
    assert set(triggers(ROOT / ".github/workflows/deploy-stack.yml")) == {"workflow_call"}


def test_stacks_are_deployed_one_after_the_other() -> None:
    called = {name: job for name, job in jobs(ROOT / ".github/workflows/deploy.yml").items() if "uses" in job}
    assert {name: (job["needs"], job["with"]["stack"]) for name, job in called.items()} == {
        "idle": ("order", "${{ needs.order.outputs.idle }}"),
        "live": (["order", "idle"], "${{ needs.order.outputs.live }}"),
        "edge": (["order", "live"], "${{ needs.order.outputs.edge }}"),
    }


def test_what_is_applied_is_the_plan_that_was_shown_and_approved() -> None:
    plan, apply = jobs(ROOT / ".github/workflows/deploy-stack.yml").values()
    (made,), (kept,) = uses(plan, "pulumi/actions"), uses(plan, "actions/upload-artifact")
    (applied,), (fetched,) = uses(apply, "pulumi/actions"), uses(apply, "actions/download-artifact")
    assert (made["command"], applied["command"]) == ("preview", "up")
    assert made["plan"] == kept["path"] == applied["plan"]
    assert kept["name"] == fetched["name"] == "plan-${{ inputs.stack }}"
    assert kept["retention-days"] == 1
    assert made["policyPacks"] == applied["policyPacks"] == "policies"
    assert made["comment-on-summary"] is True
    assert (apply["needs"], apply["environment"], "environment" in plan) == ("plan", "${{ inputs.stack }}", False)


def test_a_pull_request_previews_every_stack_of_the_pair_and_the_edge() -> None:
    job = jobs(ROOT / ".github/workflows/preview.yml")["preview"]
    stacks = job["strategy"]["matrix"]["stack"]
    assert sorted(stacks) == declared_stacks()
    (judging,) = (words for _, words in commands() if "--from" in words)
    assert judging[-len(stacks) :] == stacks


def test_the_engine_of_the_workflows_is_the_version_of_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)$", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    engines = [
        given["pulumi-version"]
        for file in FILES
        for job in jobs(file).values()
        for given in uses(job, "pulumi/actions")
    ]
    assert set(engines) == {sdk}


def test_every_command_of_a_workflow_exists() -> None:
    ran = list(commands())
    assert len(ran) > 5
    assert [problem for file, words in ran for problem in problems(file, words)] == []


def test_every_drill_of_the_schedule_is_one_that_the_command_knows() -> None:
    drills = jobs(ROOT / ".github/workflows/drill.yml")["drill"]["strategy"]["matrix"]["drill"]
    command = typer.main.get_command(cli.app)
    assert [what for drill in drills for what in unknown(command, ["dr", "drill", *drill.split()])] == []
    assert list(unknown(command, ["dr", "drill", "--earthquake"])) != []


def problems(file: str, words: list[str]) -> Iterator[str]:
    """The parts of a command line that do not exist."""
    match words:
        case ["sudo", *command]:
            yield from problems(file, command)
        case ["make", target, *_]:
            if f"\n{target}:" not in (ROOT / "Makefile").read_text():
                yield f"{file}: no target {target}"
        case ["bash", path]:
            if not (ROOT / path).is_file():
                yield f"{file}: no file {path}"
        case ["python" | ".sandbox/venv/bin/python", "-m", "ops", *given]:
            yield from (f"{file}: {what}" for what in unknown(typer.main.get_command(cli.app), given))
        case ["python" | ".sandbox/venv/bin/python", "-m", module, *_]:
            if find_spec(module) is None:
                yield f"{file}: no module {module}"
        case [program, *_] if program not in HARMLESS:
            yield f"{file}: {program} is not known to this test"


def unknown(command: Any, given: list[str]) -> Iterator[str]:
    """The subcommands and options that a command does not have."""
    while given and hasattr(command, "commands"):
        name, *given = given
        if name not in command.commands:
            yield f"no command {name}"
            return
        command = command.commands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    yield from (f"no option {word}" for word in given if word.startswith("--") and word not in options)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("make nothing", "no target nothing"),
        ("bash .ci/walk", "no file .ci/walk"),
        ("sudo bash .ci/walk", "no file .ci/walk"),
        ("python -m ops foresee", "no command foresee"),
        ("python -m ops dr flip prod --at-once", "no option --at-once"),
        ("python -m tools.workflows.remark", "no module tools.workflows.remark"),
        ("curl https://example.org", "curl is not known"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, problem: str) -> None:
    (found,) = problems("x.yml", shlex.split(line))
    assert problem in found


def test_what_the_workflows_need_is_in_the_table_and_nothing_else_is() -> None:
    assert {name for name, _ in ROW.findall(PAGE)} == {name for file in FILES for name in needed(file)}


@by_name
def test_a_workflow_says_at_its_top_what_it_needs(file: Path) -> None:
    top = file.read_text().split("name:")[0]
    assert "# Needs: " in top
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", top))
    assert named == {name for name in needed(file) if name != "github.token"}


def test_every_workflow_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `([\w-]+\.yml)` \|", PAGE, re.MULTILINE)) == {file.name for file in FILES}


def test_the_checklist_that_stops_is_missed_after_two_of_its_times() -> None:
    [schedule] = triggers(ROOT / ".github/workflows/check.yml")["schedule"]
    minute, hours, *every = schedule["cron"].split()
    at = [int(hour) * 60 + int(minute) for hour in hours.split(",")]
    gaps = {later - earlier for earlier, later in pairwise([*at, at[0] + 24 * 60])}
    [missing] = [alert.warning for alert in ITSELF if alert.role == f"{CHECKLIST}missing"]
    assert every == ["*", "*", "*"]
    assert missing is not None
    assert 2 * max(gaps) < missing.minutes < 3 * min(gaps)
    # The morning checklist of the manual is at 09:00, in Berlin: an hour or two before that in UTC.
    assert any(6 * 60 <= when < 7 * 60 for when in at)
