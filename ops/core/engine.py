"""The Pulumi engine, through its commands, on the project's own files.

Pulumi's Automation API would run the same commands, and its import takes half a CPU second: a flip has few.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ops.core.engine_errors import PluginEndedError, events, explained, failed, logged_errors
from ops.core.interruption import END_SECONDS, Limit, TooLongError, uninterrupted
from ops.core.loaded_program import LoadedProgram
from ops.core.stack_files import project_folder, project_name
from ops.errors import Exit, OpsError

Say = Callable[[str], None]

PROVIDERS = ("aws", "cloudflare")
"""Each has a Python SDK, which requires the plugin of its own version."""
STACK_TYPE = "pulumi:pulumi:Stack"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What a preview writes for a value that is not known yet (Pulumi's UnknownStringValue)."""
UNCHANGED = ("same", "read")
"""Operations of the engine that change nothing; reading another stack's outputs is one."""
WORDS = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced", "same": "unchanged"}
DEBUG = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Without it the engine has no flag --event-log."""


class Engine:
    """Runs in the folder that ASKPROAI_PROJECT names; selects no stack, so that the operator's selection stays."""

    def __init__(self, project: Path | None = None) -> None:
        self.project = project or project_folder()
        self._programs: dict[str, LoadedProgram] = {}
        self._limit: Limit | None = None

    def stacks(self) -> list[str]:
        """The project's stacks in the state backend."""
        return [str(each["name"]) for each in json.loads(self._run(["stack", "ls", "--json"]))]

    def missing_plugins(self) -> list[str]:
        """The providers' plugins that this machine lacks, by name and version: the first change would download them."""
        there = {(each["name"], each.get("version")) for each in json.loads(self._run(["plugin", "ls", "--json"]))}
        wanted = {name: version(f"pulumi_{name}") for name in PROVIDERS}
        return [f"{name} {number}" for name, number in wanted.items() if (name, number) not in there]

    def outputs(self, stack: str) -> dict[str, Any]:
        """A stack's outputs, from the state backend alone; {} before its first `up`. Secrets stay encrypted."""
        return outputs_of(self.export(stack)["deployment"])

    def up(self, stack: str, say: Say, targets: Sequence[str] = ()) -> dict[str, int]:
        """`pulumi up`, only of `targets` if there are any. Returns the number of resources by operation, including
        `same`.

        Raises OpsError: BUSY with the holder of the stack's lock, FAILED with the engine's own errors.
        On Ctrl-C it asks the engine once to end gracefully, and waits for it.
        """
        program = self._programs[stack].options if stack in self._programs else []
        options = [*program, *_chosen(targets)]
        return self._change(["up", "--yes", "--skip-preview", "--suppress-outputs", *options], stack, say)

    @contextmanager
    def loading(self, stack: str) -> Iterator[None]:
        """Load the stack's program in parallel to the body, so that an `up` in the body finds it loaded."""
        if stack in self._programs:
            yield
            return
        with LoadedProgram() as self._programs[stack]:
            try:
                yield
            finally:
                del self._programs[stack]

    @contextmanager
    def at_most(self, seconds: float, end_seconds: float = END_SECONDS) -> Iterator[None]:
        """Limit the time of all changes of stacks in the body; then end them and start no more: TooLongError.

        If an engine has not ended `end_seconds` after it was asked to, it is killed with its plugins.
        """
        self._limit = Limit(seconds=seconds, end_seconds=end_seconds, deadline=time.monotonic() + seconds)
        try:
            yield
        finally:
            self._limit = None

    def preview_changes(self, stack: str) -> dict[str, int]:
        """What `up` would change, by operation."""
        summary = json.loads(self._run(["preview", "--json"], stack)).get("changeSummary") or {}
        return {operation: count for operation, count in summary.items() if operation not in UNCHANGED and count}

    def preview_steps(self, stack: str) -> list[dict[str, Any]]:
        """The steps of an `up`, including those that change nothing: `op`, `urn`, and `newState` without secrets."""
        return list(json.loads(self._run(["preview", "--json"], stack)).get("steps") or [])

    def refresh(self, stack: str, say: Say, targets: Sequence[str] = ()) -> None:
        """Refresh resources in the state from the cloud: `targets`, or all.

        Retried once if a plugin ended, because it only reads.
        """
        command = ["refresh", "--yes", "--skip-preview", "--suppress-outputs", *_chosen(targets)]
        try:
            self._change(command, stack, say)
        except PluginEndedError as error:
            say(f"read once more: {error.message.splitlines()[0]}")
            self._change(command, stack, say)

    def unprotect(self, stack: str, urn: str) -> None:
        """Let the engine delete a resource."""
        self._run(["state", "unprotect", urn, "--yes"], stack)

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state as `pulumi stack export` writes it."""
        return dict(json.loads(self._run(["stack", "export"], stack)))

    def import_(self, stack: str, deployment: Mapping[str, Any]) -> None:
        """Replace the stack's state, as `pulumi stack import` does."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "deployment.json"
            file.write_text(json.dumps(deployment))
            self._run(["stack", "import", "--file", str(file)], stack)

    def secret(self, stack: str, key: str) -> str:
        """A decrypted secret of the stack file, never for the screen. Raises OpsError if the stack has none."""
        return self._run(["config", "get", f"{project_name()}:{key}"], stack).strip()

    def set_secret(self, stack: str, key: str, value: str) -> None:
        """Write an encrypted secret to the stack file; the value goes through a pipe, never over a command line."""
        self._run(["config", "set", "--secret", f"{project_name()}:{key}"], stack, given=value)

    def initialise(self, stack: str, secrets_provider: str) -> None:
        """Create an empty stack in the backend, and its file."""
        self._run(["stack", "init", "--no-select", "--secrets-provider", secrets_provider], stack)

    def _run(self, arguments: list[str], stack: str = "", say: Say | None = None, given: str | None = None) -> str:
        """The output of a command. `say` gets each line immediately; `given` is the command's input.

        Raises OpsError with the engine's reason.
        """
        if self._limit and self._limit.is_over:
            raise self._limit.error()
        which = ["--stack", stack] if stack else []
        command = ["pulumi", "--non-interactive", *arguments, *which]
        with tempfile.TemporaryFile("w+") as errors:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=self.project,
                    env=os.environ | DEBUG,
                    stdin=None if given is None else subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
            except OSError as error:
                text = f"cannot start pulumi: {error}; install it, or run this in the sandbox's shell"
                raise OpsError(text) from None
            with process:
                if process.stdin:
                    # An engine that has ended already says why.
                    with suppress(BrokenPipeError), process.stdin:
                        process.stdin.write(given or "")
                assert process.stdout is not None
                answer = "".join(_told(process.stdout, say))
            errors.seek(0)
            if process.returncode:
                raise explained(f"{answer}\n{errors.read()}", arguments, stack)
        return answer

    def _change(self, arguments: list[str], stack: str, say: Say) -> dict[str, int]:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "events"
            try:
                uninterrupted(lambda: self._run([*arguments, "--event-log", str(log)], stack, say), self._limit)
            except OpsError as error:
                found = logged_errors(log)
                if found and error.exit_code is not Exit.BUSY and not isinstance(error, TooLongError):
                    raise failed(stack, found) from None
                raise
            return _summary(log)


def _told(lines: Iterable[str], say: Say | None) -> Iterator[str]:
    for line in lines:
        if say:
            say(line.rstrip())
        yield line


def summary(changes: Mapping[str, int]) -> str:
    """The number of resources by operation, as text: `3 created, 190 unchanged`."""
    return ", ".join(f"{count} {WORDS.get(operation, operation)}" for operation, count in changes.items() if count)


def _chosen(targets: Sequence[str]) -> list[str]:
    """URNs or patterns, as arguments of the engine."""
    return [part for urn in targets for part in ("--target", urn)]


def _summary(log: Path) -> dict[str, int]:
    summaries = events(log, "summaryEvent")
    return dict(summaries[-1].get("resourceChanges") or {}) if summaries else {}


def outputs_of(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a deployment, or in a checkpoint's latest deployment."""
    resources = deployment.get("resources") or []
    return next((resource.get("outputs") or {} for resource in resources if resource["type"] == STACK_TYPE), {})


def provider_urn(state: Mapping[str, Any]) -> str:
    """The URN of a resource's provider, without the identifier in the state's reference; empty without a provider."""
    return str(state.get("provider") or "").rpartition("::")[0]
