"""Which tests run in parallel, each story on its own sandbox, and their priority."""

import gc
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

from lazy_sdk import SDKS, import_lazily

CHECKOUT = Path(__file__).parent.parent
LONGEST = "drill"
STORIES = {
    "test_drill": LONGEST,
    "test_sandbox_up": "standby",
    "test_deploy": "releases",
    "test_policies": "standby",
    "test_preview": "releases",
    "test_secrets": "releases",
    "test_standby_faults": "standby",
    "test_recover": "recover",
    "test_bootstrap": "recover",
}
"""The stories: each runs in one process, file after file; the other e2e files share one sandbox. They start first: see
testpaths."""
MADE_ONCE = {"regions": "aws", "edges": "cloudflare", "parts": "aws", "accounts": "aws"}
"""Modules of the unit tests, and the story of the tests that import one, the first of these: what they make, and the
modules of SDKs that they use, are kept for all tests of a process."""
NICE = 10

# As the program does, before anything imports an SDK.
import_lazily(*SDKS)

# On a machine that runs other tests at the same time, durations mean nothing.
settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")

# Imports stay. Searching the SDK's classes for garbage took half of the unit tests' time, and pytest does it three more
# times at the end.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(1_000_000)
    gc.enable()


def pytest_sessionfinish() -> None:
    gc.freeze()


@cache
def story(file: str) -> str:
    """The story of a test file. Without the engine each file is its own story, except those that share fixtures."""
    path = Path(file)
    if path.parent.name == "e2e":
        return STORIES.get(path.stem, "platform")
    text = (CHECKOUT / path).read_text()
    makers = (own for name, own in MADE_ONCE.items() if re.search(rf"^(from|import) {name}\b", text, re.MULTILINE))
    return next(makers, file)


class Stories(LoadScopeScheduling):
    """A process for each story."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return story(nodeid.partition("::")[0])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--half", choices=("made-once", "others"), help="unit tests: MADE_ONCE and settings, or the others"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Two processes with a half each take a fifth less time than two of xdist, which forward each test's report."""
    half = config.getoption("half")
    if half is None or not collection_path.name.startswith("test_"):
        return None
    path = collection_path.relative_to(CHECKOUT)
    # The tests of settings make the two halves equally long.
    made_once = "settings" in path.parts or story(str(path)) in MADE_ONCE.values()
    return made_once is not (half == "made-once") or None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Stories | None:
    """Also for a plain `--numprocesses`: test by test, each process would make for itself what is made once.

    xdist's own groups get lost under this pytest: the node ids lose the mark's name.
    """
    return Stories(config, log) if config.getoption("dist") in ("load", "loadscope") else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The longest story determines the total time, so the others have a lower priority."""
    if "PYTEST_XDIST_WORKER" in os.environ and os.nice(0) < NICE and story(item.nodeid.partition("::")[0]) != LONGEST:
        os.nice(NICE)
