"""The catalogue is data: components, hosts and tests read it, and it reads none of them."""

import ast
from pathlib import Path

import pytest
from stack_files import ROOT

MODULES = sorted((ROOT / "monitoring").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The first name of each module that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_monitoring_imports_neither_components_nor_pulumi(path: Path) -> None:
    assert imported(path) <= {"collections", "dataclasses", "enum", "monitoring", "pathlib", "typing", "yaml"}
