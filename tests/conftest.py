"""Which tests run side by side under `pytest --dist loadscope`: each story on a sandbox of its own."""

from typing import Any

import pytest
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

OFFLINE = "offline"
STORIES = {
    "test_drill": "drill",
    "test_faults": "faults",
    "test_recover": "recover",
    "test_bootstrap": "recover",
}
"""What runs in one process, file after file; the other e2e files share one sandbox."""


class Stories(LoadScopeScheduling):
    """A process for each story, and one for everything that needs no engine."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        name = file.rpartition("/")[2].removesuffix(".py")
        return STORIES.get(name, "platform") if "/e2e/" in file else OFFLINE


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Stories | None:
    """xdist's own groups get lost under this pytest: the node ids lose the mark's name."""
    return Stories(config, log) if config.getoption("dist") == "loadscope" else None
