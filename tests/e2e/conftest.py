"""One sandbox for all e2e tests, beside the one a developer may have up: the same tools, its own clouds and stacks."""

import json
import secrets
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.environment import environment
from sandbox.paths import CHECKOUT, HOME_VARIABLE, Paths, write_private
from sandbox.processes import KINDS, running
from sandbox.wrapper import write_wrapper

TOOLS = ("venv", "engine", "pulumi-home/plugins")
COMMAND_SECONDS = 900


@dataclass(frozen=True)
class Platform:
    """A stack that is up on an emulated AWS. What it is, tests ask AWS; `pulumi` is what an operator would type."""

    paths: Paths
    variables: dict[str, str]
    stack: str

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi in the checkout, as in the sandbox's shell."""
        return run([self.paths.wrapper, *arguments, "--stack", self.stack], self.variables, check=check)

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's region."""
        return boto3.client(
            service,
            region_name=self.variables["AWS_REGION"],
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def preview(self, *arguments: str) -> dict[str, list[str]]:
        """What a preview would do: the logical names by operation."""
        steps = json.loads(self.pulumi("preview", "--json", *arguments).stdout)["steps"]
        done: dict[str, list[str]] = {}
        for step in steps:
            done.setdefault(step["op"], []).append(step["urn"].rsplit("::", 1)[1])
        done.pop("same", None)
        return done

    def state(self) -> str:
        """The stack's state as it lies on disk."""
        (file,) = (self.paths.state / ".pulumi" / "stacks").rglob(f"{self.stack}.json")
        return file.read_text()


def run(command: list[Any], variables: dict[str, str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout; a failure shows what it printed."""
    done = subprocess.run(
        command, cwd=CHECKOUT, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
    if check and done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def sandbox(paths: Paths, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of the sandbox, as `make` does."""
    variables = {**environment(paths, ""), HOME_VARIABLE: str(paths.home)}
    return run([paths.python, "-m", "sandbox", *arguments], variables, check=check)


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Paths]:
    """A sandbox whose tools are those of the checkout's, and that is gone afterwards."""
    tools = Paths.of()
    home = Path(tempfile.mkdtemp(prefix="askproai-e2e-"))
    paths = Paths(CHECKOUT, home)
    for folder in (paths.state, paths.project, paths.pulumi_home):
        folder.mkdir()
    for name in TOOLS:
        (home / name).symlink_to(tools.home / name)
    official = json.loads(tools.toolchain.read_text())["official"]
    write_wrapper(paths, Path(official or tools.engine / "pulumi"))
    write_private(paths.passphrase, secrets.token_urlsafe(32))
    yield paths
    sandbox(paths, "down")
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def platform(own_sandbox: Paths) -> Platform:
    """Stack prod, brought up as `make sandbox` does it."""
    sandbox(own_sandbox, "up")
    server = running(own_sandbox, KINDS[0])
    assert server is not None
    return Platform(own_sandbox, environment(own_sandbox, server.url), "prod")


def request(method: str, url: str) -> None:
    """Ask something of the sandbox's own control."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
        assert answer.status == 200
