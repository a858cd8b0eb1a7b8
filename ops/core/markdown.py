"""Markdown for reports, runbooks and comments: tables with escaped cells, and sections."""

from collections.abc import Callable, Iterable, Sequence

from ops.errors import one_line

Row = Sequence[object]


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def cell(value: object) -> str:
    """A value in one line of a table; Markdown in it is kept."""
    return one_line("unknown" if value is None else value).replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> Markdown:
    """A name as code. A backtick would end it, and a table's bar its cell."""
    flat = one_line(text).replace("`", "'").replace("|", "\\|")
    return Markdown(f"`{flat}`" if flat else "")


def table(head: Row, rows: Iterable[Row], cell: Callable[[object], str] = cell) -> str:
    """A table. `cell` formats every value that is not Markdown yet."""
    cells = ([part if isinstance(part, Markdown) else cell(part) for part in row] for row in (head, *rows))
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def section(heading: str, head: Row, rows: Sequence[Row]) -> str:
    """A heading and a table, empty without rows."""
    return f"## {heading}\n\n{table(head, rows)}" if rows else ""


def page(parts: Iterable[str]) -> str:
    """The non-empty parts, with an empty line between them."""
    return "\n\n".join(filter(None, parts)) + "\n"
