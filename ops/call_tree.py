"""What a command does, read from its code: the steps it shows and the messages it may end with, in their order."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, get_type_hints

from ops.errors import Exit, OpsError

PACKAGE = "ops."
STEP = "step"
DEFAULT_EXIT, REFUSED = Exit.FAILED.name, Exit.REFUSED.name
EXITS = {code.name for code in Exit}
LONGEST_NAME = 24
PROSE = re.compile(r"[a-z]{3}")
"""What is put into a text stands in capitals: a line of such alone says nothing."""


@dataclass
class Found:
    """Steps as the screen names them, and messages with the name of their exit code; capitals stand for values."""

    steps: list[str] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)


def found(command: Callable[..., Any]) -> Found:
    """What a command's function and all that it calls in this package hold."""
    result = Found()
    _visit(command, result, set())
    result.steps = list(dict.fromkeys(result.steps))
    result.messages = list(dict.fromkeys(result.messages))
    return result


def _visit(function: Callable[..., Any], result: Found, seen: set[object]) -> None:
    plain = inspect.unwrap(function)
    if plain in seen or not isinstance(plain, FunctionType) or not _is_ours(plain) or _is_generated(plain):
        return
    seen.add(plain)
    for part in _parts(plain):
        if isinstance(part, Found):
            result.steps += part.steps
            result.messages += part.messages
        else:
            _visit(part, result, seen)


@cache
def _parts(function: FunctionType) -> list[Found | Callable[..., Any]]:
    """What a function itself holds, and the functions that it calls, in their order: the same for every command."""
    scope = _Scope(function)
    parts: list[Found | Callable[..., Any]] = []
    for node in _in_order(_tree(function)):
        if isinstance(node, ast.Call):
            parts.append(_noted(node, scope))
        parts += scope.called(node)
    return parts


def _is_generated(function: FunctionType) -> bool:
    """Whether it has no source, as what a dataclass writes for itself."""
    return function.__code__.co_filename.startswith("<")


def _noted(call: ast.Call, scope: "_Scope") -> Found:
    """A step, an error, or a line of a refusal: those are gathered in `problems`, or are a `Finding`."""
    result = Found()
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    lines = [line for line in (_text(given[0]) if given else "").splitlines() if PROSE.search(line)]
    if name == STEP:
        result.steps += lines
    elif error := scope.error(call.func):
        result.messages += [
            (_exit(given[1:]) or _exit([_tree(error.__init__)]) or DEFAULT_EXIT, line) for line in lines
        ]
    elif name == "Finding" or (name == "append" and ast.unparse(call.func) == "problems.append"):
        result.messages += [(scope.refusal, line) for line in lines]
    return result


def _exit(given: Sequence[ast.AST]) -> str:
    """The exit code that is named in what an error is given, or in how its class makes itself."""
    named = [node for part in given for node in ast.walk(part) if isinstance(node, ast.Attribute)]
    return next((node.attr for node in named if ast.unparse(node.value) == "Exit" and node.attr in EXITS), "")


def _text(node: ast.expr) -> str:
    """A text with capitals for what is put into it, empty where it is not written there as such."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else _placeholder(part) for part in node.values)
    return ""


def _placeholder(part: ast.expr) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    names = [node for node in ast.walk(value) if isinstance(node, ast.Attribute | ast.Name)]
    simple = isinstance(value, ast.Attribute | ast.Name) and names
    name = (value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")) if simple else ""
    return name.strip("_").upper()[:LONGEST_NAME] or "…"


class _Scope:
    """What names mean inside a function: its module's, the classes of its parameters and of what it assigns."""

    def __init__(self, function: FunctionType) -> None:
        tree = _tree(function)
        self.refusal = _exit([tree]) or REFUSED
        self._globals = {**function.__globals__, **_imported(tree)}
        self._classes = _parameter_classes(function)
        for node in _in_order(tree):
            self._assign(node)

    def called(self, node: ast.AST) -> Iterator[Callable[..., Any]]:
        """The functions of this package that a node names: called there, or handed on to be called."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return
        meant = _plain(self._meaning(node))
        if isinstance(meant, type) and _is_ours(meant):
            meant = _plain(meant.__init__)
        if isinstance(meant, FunctionType):
            yield meant

    def error(self, node: ast.expr) -> type[OpsError] | None:
        """The class of an error that a node names."""
        meant = self._meaning(node)
        return meant if isinstance(meant, type) and issubclass(meant, OpsError) else None

    def _assign(self, node: ast.AST) -> None:
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            pairs = [(node.targets[0], node.value)]
        elif isinstance(node, ast.With):
            pairs = [(item.optional_vars, item.context_expr) for item in node.items]
        for target, value in pairs:
            if isinstance(target, ast.Name) and (cls := self._class_of(value)):
                self._classes.setdefault(target.id, cls)

    def _meaning(self, node: ast.expr) -> Any:
        """A function, class or module of this package, None for anything else."""
        if isinstance(node, ast.Name):
            return self._globals.get(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self._meaning(node.value)
        place = owner if isinstance(owner, ModuleType | type) else self._class_of(node.value)
        return inspect.getattr_static(place, node.attr, None) if place is not None and _is_ours(place) else None

    def _class_of(self, node: ast.expr) -> type | None:
        """The class of what an expression is, where that is one of this package."""
        if isinstance(node, ast.Name):
            return self._classes.get(node.id)
        if isinstance(node, ast.Call):
            meant = self._meaning(node.func)
            return meant if isinstance(meant, type) and _is_ours(meant) else _returned(meant)
        if isinstance(node, ast.Attribute):
            owner = self._class_of(node.value)
            declared = _hints(owner).get(node.attr) if owner else None
            return declared if isinstance(declared, type) and _is_ours(declared) else _returned(self._meaning(node))
        return None


def _plain(meant: Any) -> Any:
    """The function behind a property, a kind of method or a cache; anything else as it is."""
    inner = (getattr(meant, name, None) for name in ("fget", "func", "__func__", "__wrapped__"))
    return next((function for function in inner if isinstance(function, FunctionType)), meant)


def _returned(meant: Any) -> type | None:
    """The class of this package that a function or property returns."""
    function = _plain(meant)
    hint = _hints(function).get("return") if isinstance(function, FunctionType) and _is_ours(function) else None
    return hint if isinstance(hint, type) and _is_ours(hint) else None


@cache
def _hints(thing: Any) -> dict[str, Any]:
    try:
        return get_type_hints(thing)
    except (NameError, TypeError):
        return dict[str, Any]()


def _parameter_classes(function: FunctionType) -> dict[str, type]:
    hints = _hints(function)
    classes = {name: hint for name, hint in hints.items() if isinstance(hint, type) and _is_ours(hint)}
    owner, _, method = function.__qualname__.rpartition(".")
    cls = function.__globals__.get(owner)
    return {**classes, "self": cls, "cls": cls} if method and isinstance(cls, type) else classes


def _imported(tree: ast.AST) -> dict[str, Any]:
    """What a function imports for itself, from this package."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(PACKAGE):
            found |= {alias.asname or alias.name: _import(str(node.module), alias.name) for alias in node.names}
    return found


def _import(module: str, name: str) -> Any:
    """A name of a module, or a module of a package."""
    place = import_module(module)
    return getattr(place, name) if hasattr(place, name) else import_module(f"{module}.{name}")


def _is_ours(thing: Any) -> bool:
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", "")
    return f"{name}.".startswith(PACKAGE)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes in the order in which they are written."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


@cache
def _tree(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))
