"""One sandbox for all e2e tests of a worker, beside the one a developer may have up: the same tools, its own clouds.

Test files that change what others look at are kept apart with `pytest.mark.xdist_group`: each worker has a sandbox.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.beside import beside
from sandbox.paths import Paths
from tests.e2e.operated import Platform, Platforms, platforms, sandbox


@pytest.fixture(scope="session")
def own_sandbox() -> Iterator[Paths]:
    """A sandbox whose tools are those of the checkout's, and that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="askproai-e2e-"))
    paths = beside(Paths.of(), home)
    yield paths
    sandbox(paths, "down")
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def three_stacks(own_sandbox: Paths) -> Platforms:
    """prod, dr and edge, brought up as `make sandbox` does it."""
    sandbox(own_sandbox, "up")
    return platforms(own_sandbox)


@pytest.fixture(scope="session")
def platform(three_stacks: Platforms) -> Platform:
    """Stack prod."""
    return three_stacks["prod"]


@pytest.fixture(scope="session")
def standby(three_stacks: Platforms) -> Platform:
    """Stack dr, which follows prod."""
    return three_stacks["dr"]


@pytest.fixture(scope="session")
def edge(three_stacks: Platforms) -> Platform:
    """Stack edge, at the emulated Cloudflare."""
    return three_stacks["edge"]
