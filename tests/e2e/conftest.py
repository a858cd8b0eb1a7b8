"""One sandbox for all e2e tests, beside the one a developer may have up: the same tools, its own clouds and stacks."""

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.environment import environment
from sandbox.paths import CHECKOUT, Paths, write_private
from sandbox.processes import KINDS, running
from sandbox.wrapper import write_wrapper
from tests.e2e.operated import Platform, sandbox

TOOLS = ("venv", "engine", "pulumi-home/plugins")


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
