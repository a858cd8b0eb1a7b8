"""Which tests run side by side under `pytest --dist loadscope`: each story on a sandbox of its own."""

import os
from typing import Any

import pytest
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

OFFLINE = "offline"
LONGEST = "drill"
STORIES = {
    "test_drill": LONGEST,
    "test_sandbox_up": "standby",
    "test_standby_faults": "standby",
    "test_recover": "recover",
    "test_bootstrap": "recover",
}
"""What runs in one process, file after file; the other e2e files share one sandbox."""
NICE = 10


def story(nodeid: str) -> str:
    """The story of a test; all that needs no engine is one."""
    file = nodeid.partition("::")[0]
    name = file.rpartition("/")[2].removesuffix(".py")
    return STORIES.get(name, "platform") if "/e2e/" in file else OFFLINE


class Stories(LoadScopeScheduling):
    """A process for each story."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return story(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Stories | None:
    """xdist's own groups get lost under this pytest: the node ids lose the mark's name."""
    return Stories(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The longest story sets the length of all: the others leave it the processor."""
    if "PYTEST_XDIST_WORKER" in os.environ and os.nice(0) < NICE and story(item.nodeid) != LONGEST:
        os.nice(NICE)
