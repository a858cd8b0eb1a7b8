"""A running stack on a sandbox, as seen by an operator and by AWS."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml

from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.paths import CHECKOUT, HOME_VARIABLE, Paths
from sandbox.servers.processes import urls

COMMAND_SECONDS = 1800
OPERATED = ("role", "activated", "fenced", "live")
"""The settings that an operation changes."""
STATE_WRITTEN_ONCE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""For uninterrupted runs: the engine writes its state at the end, not after each step. With it the first `up` of prod
takes 27 CPU seconds, without it 68."""
VISIT_SECONDS = 60
Platforms = dict[str, "Platform"]
"""The stacks of one sandbox, by name."""


@dataclass(frozen=True)
class Platform:
    """A running stack on emulated clouds. Tests read its state from the clouds; `pulumi` and `ops` act as an
    operator."""

    paths: Paths
    variables: dict[str, str]
    stack: str

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi in the checkout, as in the sandbox's shell."""
        return run([self.paths.wrapper, *arguments, "--stack", self.stack], self.variables, check=check)

    def destroy(self) -> None:
        """Allow it in the stack's file, then destroy everything in the stack."""
        stack = replace(self, variables=self.variables | STATE_WRITTEN_ONCE)
        stack.pulumi("config", "set", "askproai:allow_destroy_of", self.stack)
        stack.pulumi("up", "--yes", "--skip-preview")
        stack.pulumi("destroy", "--yes", "--skip-preview")

    def ops(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an operators' command, as in the sandbox's shell."""
        return run([self.paths.launcher, *arguments], self.variables, check=check)

    def visit(self, host: str, path: str, row: int | None = None) -> httpx.Response:
        """Send a visitor's request through the edge; `row` is a canary row to write."""
        content = None if row is None else {"id": row}
        return httpx.request(
            "GET" if row is None else "POST",
            f"{self.variables['ASKPROAI_EDGE_URL']}{path}",
            headers={"Host": host},
            json=content,
            timeout=VISIT_SECONDS,
        )

    def replication(self, **wish: object) -> dict[str, Any]:
        """The sandbox application's replication settings, after a change of `lag_seconds` or `paused`."""
        url = f"{self.variables['ASKPROAI_APPLICATION_URL']}/_sandbox/replication"
        return ask("PUT", url, json=wish) if wish else ask("GET", url)

    def setting(self, key: str) -> object:
        """A value of the stack's file in the sandbox."""
        return project.setting(self.paths, self.stack, key)

    @property
    def region(self) -> str:
        """The stack's region; for the edge, which has none, prod's."""
        return str(self.setting("region") or self.variables["AWS_REGION"])

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of a region, by default the stack's."""
        return _client(service, region or self.region, self.variables["AWS_ENDPOINT_URL"])

    def preview(self, *arguments: str) -> dict[str, list[str]]:
        """What a preview would change: the logical names by operation."""
        steps = json.loads(self.pulumi("preview", "--json", *arguments).stdout)["steps"]
        done: dict[str, list[str]] = {}
        for step in steps:
            done.setdefault(step["op"], []).append(step["urn"].rsplit("::", 1)[1])
        # Reading another stack's outputs changes nothing.
        return {operation: names for operation, names in done.items() if operation not in ("same", "read")}

    def state(self) -> str:
        """The stack's state on disk."""
        return self.state_file.read_text()

    @property
    def state_file(self) -> Path:
        """Where the engine keeps the stack's state."""
        return self.paths.state / ".pulumi" / "stacks" / "askproai" / f"{self.stack}.json"

    @property
    def locks(self) -> Path:
        """Where engines that change the stack keep their locks."""
        return self.paths.state / ".pulumi" / "locks" / "organization" / "askproai" / self.stack

    @property
    def half_done(self) -> str:
        """What a killed engine left of the stack; empty if every change was completed."""
        try:
            latest = json.loads(self.state())["checkpoint"].get("latest") or {}
        except (OSError, ValueError):
            return f"the state of {self.stack} cannot be read"
        # The attributes of a deleted lock lock nobody out.
        locked = self.locks.is_dir() and any(file.suffix != ".attrs" for file in self.locks.iterdir())
        if locked or latest.get("pending_operations"):
            return f"a change of {self.stack} was cut off"
        return ""

    @property
    def operated(self) -> str:
        """What an operation set in the stack's file; empty if it is as committed."""
        committed = yaml.safe_load((self.paths.checkout / f"Pulumi.{self.stack}.yaml").read_text())["config"]
        moved = [
            f"{key}: {self.setting(key)}"
            for key in OPERATED
            if _word(self.setting(key)) != _word(committed.get(f"askproai:{key}"))
        ]
        return f"{self.stack} has {', '.join(moved)}" if moved else ""


@cache
def _client(service: str, region: str, url: str) -> Any:
    """Created once, because tests poll while they wait."""
    any_client: Any = boto3.client
    return any_client(
        service, region_name=region, endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test"
    )


def _word(value: object) -> str:
    """A setting in YAML's form: the overlay has strings."""
    return str(value or False).lower()


def ask(method: str, url: str, **what: Any) -> Any:
    """What the sandbox answers. While a stack comes up, it may keep a question waiting as long as a visitor."""
    return httpx.request(method, url, timeout=VISIT_SECONDS, **what).raise_for_status().json()


def unlike_at_first(stacks: Platforms) -> str:
    """Why a test cannot start with these stacks as after `make sandbox`; empty if it can."""
    try:
        dark = ask("GET", f"{stacks['prod'].variables['AWS_ENDPOINT_URL']}/_sandbox/blackout")
    except httpx.HTTPError as error:
        return f"the clouds do not answer: {error}"
    told = [f"lost: {', '.join(dark)}"] if dark else []
    told += [each for stack in stacks.values() for each in (stack.half_done, stack.operated) if each]
    return "; ".join(told)


def brought_up(paths: Paths, up: set[str], wanted: list[str]) -> Platforms:
    """Bring up missing stacks, or all from scratch if the previous module has changed the sandbox."""
    if up and (why := unlike_at_first(platforms(paths))):
        print(f"the sandbox starts from nothing: {why}")
        sandbox(paths, "down")
        up.clear()
    if not up.issuperset(wanted):
        sandbox(paths, "up", *(part for stack in wanted for part in ("--stack", stack)))
        up.update(wanted)
    return platforms(paths)


def platforms(paths: Paths) -> Platforms:
    """The stacks of a sandbox that is up."""
    variables = environment(paths, urls(paths))
    return {stack: Platform(paths, variables, stack) for stack in project.stacks(paths)}


def run(
    command: list[Any], variables: dict[str, str], *, check: bool = True, folder: Path = CHECKOUT
) -> subprocess.CompletedProcess[str]:
    """Run a command, by default in the checkout; a failure shows what it printed."""
    done = subprocess.run(
        command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
    if check and done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def begin(platform: Platform, *arguments: str) -> "subprocess.Popen[str]":
    """Start an operators' command in a process group of its own."""
    return subprocess.Popen(
        [platform.paths.launcher, *arguments], cwd=platform.paths.checkout, env=platform.variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def end(command: "subprocess.Popen[str]") -> None:
    """Kill an operators' command with the engine under it, unless it has ended."""
    if command.poll() is None:
        os.killpg(command.pid, signal.SIGKILL)
        command.wait()


def black_out(platform: Platform, mode: str | None, service: str = "") -> None:
    """Take the platform's region, or one of its services, away in this mode, or restore it."""
    place = f"{platform.region}/{service}".removesuffix("/")
    url = f"{platform.variables['AWS_ENDPOINT_URL']}/_sandbox/blackout/{place}"
    ask("PUT", url, params={"mode": mode}) if mode else ask("DELETE", url)


def wait_for(what: str, seconds: float, asked: Callable[[], object]) -> None:
    """Poll until it is true. Fails if it does not become true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not asked():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.5)


def sandbox(paths: Paths, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of the sandbox, as `make` does, but faster."""
    variables = {**environment(paths, {}), HOME_VARIABLE: str(paths.home), **STATE_WRITTEN_ONCE}
    return run([paths.python, "-m", "sandbox", *arguments], variables, check=check)


@contextmanager
def meanwhile(act: Callable[[], object], every: float) -> Iterator[None]:
    """Repeat a function at this interval in seconds while the block runs, and wait for the last call."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            act()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
