"""One sandbox for all e2e tests, isolated from a developer's running one: only the tools are shared.

Every module starts with it as after `make sandbox`, so a failed test affects no other module.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.project.isolated import isolated
from sandbox.project.paths import Paths
from tests.e2e.operated import Platform, Platforms, brought_up, sandbox


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Paths]:
    """A temporary sandbox with the checkout's tools."""
    home = Path(tempfile.mkdtemp(prefix="askproai-e2e-"))
    paths = isolated(Paths.of(), home)
    yield paths
    sandbox(paths, "down")
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def up(own_sandbox: Paths) -> set[str]:
    """The stacks that are up."""
    return set()


@pytest.fixture(scope="module")
def three_stacks(own_sandbox: Paths, up: set[str]) -> Platforms:
    """prod, dr and edge, brought up as `make sandbox` does it."""
    wanted = ["prod", "dr", "edge"]
    stacks = brought_up(own_sandbox, up, wanted)
    return {stack: stacks[stack] for stack in wanted}


@pytest.fixture(scope="module")
def platform(own_sandbox: Paths, up: set[str]) -> Platform:
    """Stack prod alone, brought up as `make sandbox` does it."""
    return brought_up(own_sandbox, up, ["prod"])["prod"]


@pytest.fixture(scope="module")
def prod(three_stacks: Platforms) -> Platform:
    """Stack prod, beside the two others."""
    return three_stacks["prod"]


@pytest.fixture(scope="module")
def standby(three_stacks: Platforms) -> Platform:
    """Stack dr, which follows prod."""
    return three_stacks["dr"]


@pytest.fixture(scope="module")
def edge(three_stacks: Platforms) -> Platform:
    """Stack edge, at the emulated Cloudflare."""
    return three_stacks["edge"]
