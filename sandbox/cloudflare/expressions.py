"""Expressions of Cloudflare's rules language, as far as the platform's rules need it.

An expression with anything else raises UnsupportedError: the edge then skips its rule, and reports that.
"""

import fnmatch
import re
from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<raw>r"[^"]*")|(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+){0,3}(?:/\d+)?)"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<mark>==|!=|>=|<=|&&|\|\||[!~<>(){},*\[\]]))"""
)
SAME = {"==": "eq", "!=": "ne", ">=": "ge", "<=": "le", ">": "gt", "<": "lt", "~": "matches", "&&": "and", "||": "or"}

Fields = Mapping[str, Any]
"""Values of a request by the names of their fields, such as `http.host`."""

Part = Callable[[Fields], Any]


class Each(list[Any]):
    """An array followed by `[*]`: operations apply to each of its values."""


class UnsupportedError(Exception):
    """Part of an expression that the emulated edge does not evaluate."""


def evaluate(expression: str, fields: Fields) -> Any:
    """The value of an expression for a request. Raises UnsupportedError."""
    return parse(expression)(fields)


@cache
def parse(expression: str) -> Part:
    """A function that computes an expression's value. Raises UnsupportedError."""
    return _Parser(expression).whole()


def used(expression: str) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that an expression uses, and its comparisons. Raises UnsupportedError."""
    parser = _Parser(expression)
    parser.whole()
    return frozenset(parser.fields), frozenset(parser.operators)


def _matches(value: Any, pattern: Any) -> bool:
    return re.search(str(pattern), str(value)) is not None


def _wildcard(value: Any, pattern: Any) -> bool:
    return fnmatch.fnmatchcase(str(value).lower(), str(pattern).lower().replace("[", "[[]"))


def _concat(*values: Any) -> str:
    return "".join(map(str, values))


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, other: value == other,
    "ne": lambda value, other: value != other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "contains": lambda value, other: other in value,
    "matches": _matches,
    "wildcard": _wildcard,
    "in": lambda value, others: any(_is_in(value, other) for other in others),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "any": any,
    "all": all,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "lower": str.lower,
    "upper": str.upper,
    "len": len,
    "concat": _concat,
}


def _is_in(value: Any, other: Any) -> bool:
    if isinstance(other, str) and "/" in other and re.fullmatch(r"[\da-fA-F.:]+/\d+", other):
        return ip_address(value) in ip_network(other)
    return value == other


class _Parser:
    """Recursive descent: `or` binds less than `and`, that less than `not`, that less than a comparison."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while expression[position:].strip():
            match = TOKEN.match(expression, position)
            if match is None:
                raise UnsupportedError(f"{expression[position:].strip()[:20]!r} in {expression}")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind]))
            position = match.end()
        self.place = 0
        self.fields: set[str] = set()
        self.operators: set[str] = set()

    def whole(self) -> Part:
        part = self._either()
        if self.place < len(self.tokens):
            raise UnsupportedError(f"{self._text()!r} in {self.expression}")
        return part

    def _text(self) -> str:
        text = self.tokens[self.place][1] if self.place < len(self.tokens) else ""
        return SAME.get(text, text)

    def _take(self, *texts: str) -> bool:
        if self._text() in texts and self.tokens[self.place][0] in ("word", "mark"):
            self.place += 1
            return True
        return False

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise UnsupportedError(f"{self._text()!r} in place of {text!r} in {self.expression}")

    def _either(self) -> Part:
        parts = [self._both()]
        while self._text() and self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda fields: any(part(fields) for part in parts)

    def _both(self) -> Part:
        parts = [self._negated()]
        while self._text() and self._take("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda fields: all(part(fields) for part in parts)

    def _negated(self) -> Part:
        if self._text() and self._take("not", "!"):
            part = self._negated()
            return lambda fields: not part(fields)
        return self._compared()

    def _compared(self) -> Part:
        left = self._value()
        name = self._text()
        if name == "strict" and self.tokens[self.place][0] == "word":
            raise UnsupportedError(f"'strict wildcard' in {self.expression}")
        if name not in COMPARISONS:
            return left
        self.operators.add(name)
        self.place += 1
        right = self._set() if name == "in" else self._value()
        compare = COMPARISONS[name]
        return lambda fields: _each(lambda value: compare(value, right(fields)), left(fields))

    def _set(self) -> Part:
        self._want("{")
        values = []
        while not self._take("}"):
            values.append(self._value())
        return lambda fields: [value(fields) for value in values]

    def _value(self) -> Part:
        if self._take("("):
            part = self._either()
            self._want(")")
            return part
        if self.place >= len(self.tokens):
            raise UnsupportedError(f"the end of {self.expression}")
        kind, text = self.tokens[self.place]
        self.place += 1
        if kind == "word":
            return self._indexed(self._named(text))
        if kind == "mark":
            raise UnsupportedError(f"{text!r} in {self.expression}")
        literal = _literal(kind, text)
        return lambda _fields: literal

    def _indexed(self, part: Part) -> Part:
        """A value of a map by its key, empty if there is none, or each value of an array."""
        while self._text() == "[":
            self.place += 1
            if self._take("*"):
                part = _unpacked(part)
            elif self.place < len(self.tokens) and self.tokens[self.place][0] == "string":
                part = _at(part, _literal("string", self.tokens[self.place][1]))
                self.place += 1
            else:
                raise UnsupportedError(f"{self._text()!r} in {self.expression}")
            self._want("]")
        return part

    def _named(self, name: str) -> Part:
        if name in ("true", "false"):
            return lambda _fields: name == "true"
        if not self._take("("):
            self.fields.add(name)
            return lambda fields: _field(fields, name)
        if name not in FUNCTIONS:
            raise UnsupportedError(f"the function {name} in {self.expression}")
        arguments = []
        while not self._take(")"):
            arguments.append(self._either())
            self._take(",")
        if name in ("any", "all"):
            return lambda fields: FUNCTIONS[name](arguments[0](fields))
        first, *others = arguments
        return lambda fields: _each(
            lambda value: FUNCTIONS[name](value, *(other(fields) for other in others)), first(fields)
        )


def _each(work: Callable[[Any], Any], value: Any) -> Any:
    return Each(work(one) for one in value) if isinstance(value, Each) else work(value)


def _unpacked(part: Part) -> Part:
    return lambda fields: Each(part(fields))


def _at(part: Part, key: str) -> Part:
    return lambda fields: part(fields).get(key, [])


def _literal(kind: str, text: str) -> Any:
    if kind == "raw":
        return text[2:-1]
    if kind == "string":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return int(text) if text.isdecimal() else text


def _field(fields: Fields, name: str) -> Any:
    if name not in fields:
        raise UnsupportedError(f"the field {name}")
    return fields[name]
