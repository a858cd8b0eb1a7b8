"""Writes docs/settings.md, every key of a stack file, from the settings: `python -m settings.reference`."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_origin

from pydantic.fields import FieldInfo

from settings import explain
from settings.account import AccountSettings
from settings.block import Block
from settings.edge import EdgeSettings
from settings.edge_secrets import EDGE_CHECKS
from settings.model import Settings
from settings.secrets import CHECKS, OPTIONAL, Check

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

Every key of the stack files, generated from `settings/` by `make settings`: do not edit this page.

If a key is not in a stack's file, the value in `Pulumi.yaml` applies, also for single keys of a block. If it is in
neither file and has no default here, it is refused. A block whose default is none can be omitted: if `Pulumi.yaml` has
it, write `none` in the stack's file.
Change a value in the file, or with `pulumi config set --path askproai:web.blue.min_size 4`. Bounds carry their source.
"""
COLUMNS = "| key | type | default | what it is |\n| --- | --- | --- | --- |\n"


def page() -> str:
    """The whole page."""
    region = _chapter("A region", Settings, {**CHECKS, **OPTIONAL})
    edge, account = _chapter("The edge", EdgeSettings, EDGE_CHECKS), _chapter("The account", AccountSettings, {})
    return "\n".join([HEAD, *region, *edge, *account])


def _chapter(title: str, model: type[Block], checks: Mapping[str, Check]) -> Iterator[str]:
    yield f"## {title}\n"
    yield COLUMNS + "".join(_rows(model, ""))
    if not checks:
        return
    yield "Secrets, each set with `pulumi config set --secret`:\n"
    yield "| key | form |\n| --- | --- |\n" + "".join(_secret(name, check) for name, check in checks.items())


def _secret(name: str, check: Check) -> str:
    optional = "; a stack may be without it" if name in OPTIONAL else ""
    return f"| `{name}` | {_cell(check.want + optional)} |\n"


def _rows(model: type[Block], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        yield f"| `{key}` | {_cell(_type(field))} | {_default(field)} | {_cell(explain.docstring(model, name))} |\n"
        block = explain.block_of(field.annotation)
        if block:
            named = get_origin(explain.bare(field.annotation)) is dict
            yield from _rows(block, f"{key}.<name>." if named else f"{key}.")


def _type(field: FieldInfo) -> str:
    block = explain.block_of(field.annotation)
    if block is None:
        return explain.kind(field)
    return "blocks by name" if get_origin(explain.bare(field.annotation)) is dict else "block"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.default
    return "none" if value is None else str(value).lower()


def _cell(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page())
