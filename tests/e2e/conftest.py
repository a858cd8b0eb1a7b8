"""One sandbox for all e2e tests, isolated from the one a developer may have up: the tools are shared."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.project.isolated import isolated
from sandbox.project.paths import Paths
from tests.e2e.operated import Platform, Platforms, platforms, sandbox


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Paths]:
    """A sandbox whose tools are those of the checkout's, and that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="askproai-e2e-"))
    paths = isolated(Paths.of(), home)
    yield paths
    sandbox(paths, "down")
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def three_stacks(own_sandbox: Paths) -> Platforms:
    """prod, dr and edge, brought up as `make sandbox` does it."""
    sandbox(own_sandbox, "up")
    return platforms(own_sandbox)


@pytest.fixture(scope="session")
def platform(own_sandbox: Paths) -> Platform:
    """Stack prod alone, brought up as `make sandbox` does it."""
    sandbox(own_sandbox, "up", "--stack", "prod")
    return platforms(own_sandbox)["prod"]


@pytest.fixture(scope="session")
def prod(three_stacks: Platforms) -> Platform:
    """Stack prod, beside the two others."""
    return three_stacks["prod"]


@pytest.fixture(scope="session")
def standby(three_stacks: Platforms) -> Platform:
    """Stack dr, which follows prod."""
    return three_stacks["dr"]


@pytest.fixture(scope="session")
def edge(three_stacks: Platforms) -> Platform:
    """Stack edge, at the emulated Cloudflare."""
    return three_stacks["edge"]
