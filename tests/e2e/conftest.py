"""One sandbox for all e2e tests, beside the one a developer may have up: the same tools, its own clouds and stacks."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.beside import beside
from sandbox.environment import environment
from sandbox.paths import Paths
from sandbox.processes import KINDS, running
from tests.e2e.operated import Platform, sandbox


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Paths]:
    """A sandbox whose tools are those of the checkout's, and that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="askproai-e2e-"))
    paths = beside(Paths.of(), home)
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
