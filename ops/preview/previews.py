"""Previews of stacks, from the engine or from another job's files, without secrets."""

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ops.core.engine import provider_urn
from ops.core.stack_files import CHECKOUT, project_folder
from ops.errors import Exit, OpsError, one_line
from ops.preview.changes import Change, changes, masked
from ops.preview.cost import Cost, costs
from policies import check
from policies.configuration import read_configuration, read_exceptions
from policies.judge import Judge
from policies.rule import Resource, Stack
from policies.rules import RULES
from project_files import Project, UnreadableFileError

AT_ONCE = 2
KEPT = ("inputs", "protect", "dependencies", "propertyDependencies")
"""The parts of a resource's state that are stored; nothing else is used."""
EXCEPTED = "excepted"
NEW, KNOWN = "new", "known"
PLAIN = re.compile(r"true|false|-?(0|[1-9]\d*)(\.\d+)?")
"""Text that is parsed as JSON."""


@dataclass(frozen=True, kw_only=True)
class Violation(check.Event):
    """A broken rule. It is `known` if an exception covers it, or if the recorded state breaks it too."""

    name: str
    known: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The engine's preview of one stack, and the settings of all stacks, by stack.

    `settings_before` is None if the former settings are unknown.
    """

    stack: str
    failure: str
    steps: list[dict[str, Any]]
    types: list[str]
    violations: list[Violation]
    costs: list[Cost]
    settings: dict[str, Any]
    settings_before: dict[str, Any] | None

    @property
    def changes(self) -> list[Change]:
        """What happens to each resource, including unchanged ones."""
        return changes(self.stack, self.steps)


def preview(stacks: list[str], base: str) -> list[Preview]:
    """Preview stacks with the policy pack. `base` is a revision, or a folder with the project's former files."""
    settings, before = settings_of(project_folder()), settings_at(base)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(partial(_preview, settings, before), stacks))


def save(previews: list[Preview], folder: Path) -> None:
    """Write previews to files, one for each stack."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in previews:
        (folder / f"{each.stack}.json").write_bytes(TypeAdapter(Preview).dump_json(each, indent=1))


def load(folder: Path, stacks: list[str]) -> list[Preview]:
    """Read what `save` wrote; all of it without `stacks`. Raises OpsError for missing or invalid files."""
    files = [folder / f"{stack}.json" for stack in stacks] or sorted(folder.glob("*.json"))
    if not files:
        raise OpsError(f"no preview in {folder}; `ops preview --save {folder}` makes one for each stack", Exit.USAGE)
    return list(map(_loaded, files))


def _loaded(file: Path) -> Preview:
    try:
        return TypeAdapter(Preview).validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        # The first of pydantic's errors is enough.
        why = one_line("\n".join(str(error).splitlines()[:3]))
        raise OpsError(f"{file}: no preview as `ops preview --save` keeps it: {why}", Exit.USAGE) from None


def settings_at(base: str) -> dict[str, Any] | None:
    """The settings at a base: a folder, or a Git revision. None if there is neither."""
    if Path(base).is_dir():
        return settings_of(Path(base))
    command = ["git", "-C", str(CHECKOUT), "archive", base, "--", ":(glob)Pulumi*.yaml"]
    try:
        packed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
        return settings_of(Path(folder))


def _preview(settings: dict[str, Any], before: dict[str, Any] | None, stack: str) -> Preview:
    done, log = check.asked(stack, "--json", "--show-sames", folder=project_folder())
    answer = _answer(done.stdout)
    raw = list(answer.get("steps") or [])
    judged = check.judged(stack, log, _why(answer, done.stderr) if done.returncode else "")
    return Preview(
        stack=stack,
        failure=judged.failure or ("" if raw else "the engine gave no steps"),
        steps=[kept(step) for step in raw],
        types=sorted(judged.types),
        violations=list(violations(stack, judged.events, raw)),
        costs=costs(stack, raw),
        settings=settings,
        settings_before=before,
    )


def _answer(stdout: str) -> dict[str, Any]:
    try:
        return json.loads(stdout)
    except ValueError:
        return {"diagnostics": [{"severity": "error", "message": stdout}]}


def _why(answer: Mapping[str, Any], stderr: str) -> str:
    """The engine's errors: with --json they are diagnostics in its output."""
    said = answer.get("diagnostics") or []
    errors = [str(each.get("message", "")) for each in said if each.get("severity") == "error"]
    return "\n".join([*errors, stderr]).strip() or "the engine ended with an error and said nothing"


def kept(step: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a step that are used later, without secrets; no inputs for an unchanged resource."""
    trimmed: dict[str, Any] = {
        key: step[key] for key in ("op", "urn", "diffReasons", "replaceReasons") if step.get(key)
    }
    wanted = [key for key in KEPT if key != "inputs" or step["op"] != "same"]
    for side in ("oldState", "newState"):
        state = step.get(side)
        if state:
            trimmed[side] = {key: masked(state[key]) for key in wanted if state.get(key)}
    return trimmed


def violations(stack: str, events: tuple[check.Event, ...], steps: list[dict[str, Any]]) -> Iterator[Violation]:
    """The violations of a preview, each new or known."""
    today = datetime.now(UTC).date()
    exceptions = [each for each in read_exceptions() if not each.expired(today)]
    broken: set[tuple[str, str]] | None = None
    for event in events:
        name = event.message.split(": ")[1] if ": " in event.message else ""
        excepted = any(each.covers(event.rule, stack, name) for each in exceptions)
        if not excepted and broken is None:
            broken = broken_before(stack, steps)
        known = EXCEPTED if excepted else KNOWN if (event.rule, name) in (broken or ()) else NEW
        yield Violation(**vars(event), name=name, known=known)


def broken_before(stack: str, steps: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """The rules that the recorded state breaks, with their resources, according to the same pack, without
    exceptions."""
    configuration = read_configuration()
    judge = Judge(stack=stack, rules=RULES, configuration=configuration, exceptions=(), today=datetime.now(UTC).date())
    states = {step["urn"]: step["oldState"] for step in steps if step.get("oldState")}
    resources = tuple(_resource(state, states, stack, configuration) for state in states.values())
    found = [violation for each in resources for violation in judge.resource(each)]
    found += judge.whole(Stack(name=stack, resources=resources, configuration=configuration))
    return {(each.rule.id, each.resource.name if each.resource else stack) for each in found}


def _resource(state: Mapping[str, Any], states: Mapping[str, Any], stack: str, configuration: Any) -> Resource:
    provider = states.get(provider_urn(state), {})
    inputs = masked({**(state.get("outputs") or {}), **(state.get("inputs") or {})})
    return Resource(
        type=state["type"],
        name=state["urn"].rpartition("::")[2],
        urn=state["urn"],
        stack=stack,
        props=inputs,
        configuration=configuration,
        region=inputs.get("region") or (provider.get("inputs") or {}).get("region"),
        links={key: frozenset(urns or ()) for key, urns in (state.get("propertyDependencies") or {}).items()},
    )


def settings_of(folder: Path) -> dict[str, Any]:
    """The settings of every stack, without secrets. Raises OpsError for an unreadable file."""
    project = Project(folder)
    try:
        return {
            stack: {key: plain(value) for key, value in project.values(stack).items() if not _secret(value)}
            for stack in project.stacks
        }
    except UnreadableFileError as error:
        raise OpsError(str(error)) from None


def plain(value: Any) -> Any:
    """A setting with its type: `pulumi config set` writes every plain value as text."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return json.loads(value) if isinstance(value, str) and PLAIN.fullmatch(value) else value


def _secret(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}
