"""A stack that is up on a sandbox, and what an operator or AWS itself says of it."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from sandbox.environment import environment
from sandbox.paths import CHECKOUT, HOME_VARIABLE, Paths

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
        any_client: Any = boto3.client
        return any_client(
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
