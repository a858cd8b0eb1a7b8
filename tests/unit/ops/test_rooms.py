"""Which part of `ops` may import which: a command imports the core and itself, and never another command."""

import ast
from collections.abc import Iterator
from pathlib import Path

import ops

ROOT = Path(ops.__file__).parent
SHARED = {"core", "errors"}
MAY_ALSO = {
    "drill": {"dr", "objectives"},
    "preview": {"objectives", "prices"},
    "recover": {"bootstrap"},
    "secrets": {"bootstrap"},
}
"""The drill runs the operators' commands and compares its measurements with the objectives; a preview predicts them. A
recovery uses the copy of the state that bootstrap created, and a rotation generates secrets as bootstrap does."""


def imported(file: Path) -> Iterator[str]:
    """The packages of `ops` that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"ops.{alias.name}" for alias in node.names] if node.module == "ops" else [node.module]
        yield from (module.split(".")[1] for module in modules if module.startswith("ops."))


def test_a_command_imports_the_core_and_never_another_command() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports ops.{room}"
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in ("core", "__pycache__")
        for file in folder.rglob("*.py")
        for room in imported(file)
        if room not in SHARED | {folder.name} | MAY_ALSO.get(folder.name, set())
    ]
    assert wrong == []


def test_the_core_imports_no_command() -> None:
    found = {f"{file.name}: {room}" for file in (ROOT / "core").rglob("*.py") for room in imported(file)}
    assert {line for line in found if line.partition(": ")[2] not in SHARED} == set()
