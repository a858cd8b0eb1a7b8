"""Turns pydantic's errors into problems: the value, what the setting accepts, and the likely correction."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.block import Block
from settings.problems import Path, Problem, closest, shown

KEY = "[key]"
"""The end of a location in pydantic's errors if the name is wrong, not the value."""


def problems(model: type[Block], error: ValidationError) -> Iterator[Problem]:
    """One problem for each of pydantic's errors."""
    for details in error.errors(include_url=False):
        path = tuple(part for part in details["loc"] if part != KEY)
        yield Problem(path=path, text=_sentence(model, path, details))


def _sentence(model: type[Block], path: Path, details: ErrorDetails) -> str:
    value, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return unknown(str(path[-1]), _block_at(model, path[:-1]))
        case "missing":
            return f"is missing; want {_wanted(_block_at(model, path[:-1]), str(path[-1]))}"
        case "value_error":
            return f"{shown(value)} {context['error']}" if isinstance(value, str | int) else str(context["error"])
        case "literal_error":
            return _none_of(value, get_args(_literal(bare(_field_at(model, path).annotation))))
        case "string_type":
            return f"{shown(value)} is not a string; put it in quotes"
        case "int_type" if isinstance(value, str) and value.lstrip("-").isdigit():
            return f"{shown(value)} is a string; want the number {value} without quotes"
        case "too_short" | "too_long":
            return f"has length {len(value)}; want {kind(_field_at(model, path))}"
        case "greater_than_equal" | "less_than_equal":
            return f"{shown(value)} is out of range; want {kind(_field_at(model, path))}"
        case _:
            return f"{shown(value)} is not valid; want {kind(_field_at(model, path))}"


def _none_of(value: Any, allowed: tuple[Any, ...]) -> str:
    if isinstance(value, str) and value in map(str, allowed):
        return f"{shown(value)} is a string; want the number {value} without quotes"
    if isinstance(value, str):
        return f"{shown(value)} is not allowed; want {_one_of(allowed)}{closest(value, map(str, allowed))}"
    quotes = " in quotes" if all(isinstance(name, str) for name in allowed) else ""
    return f"{shown(value)} is not allowed; want {_one_of(allowed)}{quotes}"


def unknown(name: str, block: type[Block], others: tuple[str, ...] = ()) -> str:
    """The problem of a key that `block` does not have; `others` are valid names besides its fields."""
    known = [*block.model_fields, *others]
    return f"is unknown; known here: {', '.join(known)}{closest(name, known)}"


def _field_at(model: type[Block], path: Path) -> FieldInfo:
    """The field at `path`; a position in a list or a key in a map belongs to the field above it."""
    field, block = None, model
    for part in map(str, path):
        if block is not None and part in block.model_fields:
            field = block.model_fields[part]
            block = block_of(field.annotation)
    assert field is not None
    return field


def _block_at(model: type[Block], path: Path) -> type[Block]:
    return (block_of(_field_at(model, path).annotation) if path else model) or model


def bare(annotation: Any) -> Any:
    """An annotation without its `| None`: the type of an optional setting."""
    if get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation):
        (annotation,) = (argument for argument in get_args(annotation) if argument is not NoneType)
    return annotation


def block_of(annotation: Any) -> type[Block] | None:
    """The block in an annotation: the block itself, an optional one, or a map of names to blocks."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Block):
            return candidate
    return None


def _literal(annotation: Any) -> Any:
    """The Literal in an annotation: the annotation itself, or the item type of a list."""
    return annotation if get_origin(annotation) is Literal else get_args(annotation)[0]


def _wanted(block: type[Block], name: str) -> str:
    summary = " ".join(docstring(block, name).split())
    for end in (":", ";", ",", "("):
        summary = summary.split(end)[0].strip()
    return f"{kind(block.model_fields[name])} ({summary.rstrip('.')})"


def docstring(block: type[Block], name: str) -> str:
    """The docstring below a setting in the source. If pydantic read these, it would read all of them at every start."""
    owner = next(base for base in block.__mro__ if name in inspect.get_annotations(base))
    return _docstrings(owner).get(name, "")


@cache
def _docstrings(owner: type) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for setting, below in pairwise(definition.body):
        match setting, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def kind(field: FieldInfo) -> str:
    """What a setting accepts, as text: its type and its bounds."""
    annotation = bare(field.annotation)
    if get_origin(annotation) is Literal:
        return _one_of(get_args(annotation))
    if get_origin(annotation) is list:
        return f"a list{_bounds(field, 'of')}"
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return f"a whole number{_bounds(field, 'from')}"
    if isinstance(annotation, type) and issubclass(annotation, Block):
        left_out = "" if field.is_required() else ", or none"
        return f"a block with {', '.join(annotation.model_fields)}{left_out}"
    return f"a block of names and values{_bounds(field, 'of')}" if get_origin(annotation) is dict else "a string"


def _bounds(field: FieldInfo, word: str) -> str:
    low: Any = None
    high: Any = None
    for constraint in field.metadata:
        match constraint:
            case annotated_types.Ge(ge=low) | annotated_types.MinLen(min_length=low):
                pass
            case annotated_types.Le(le=high) | annotated_types.MaxLen(max_length=high):
                pass
    if low is None:
        return ""
    if low == high:
        return f" {word} {low}"
    return f" {word} {low} to {high}" if high is not None else f" of {low} or more"


def _one_of(allowed: tuple[Any, ...]) -> str:
    return " or ".join(map(str, allowed)) if len(allowed) < 3 else f"one of {', '.join(map(str, allowed))}"
