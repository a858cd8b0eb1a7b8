"""Parses requests for the sandbox's own paths, and describes invalid ones."""

import re
from difflib import get_close_matches
from functools import cache
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from botocore.session import get_session


class BadRequestError(ValueError):
    """A request for the gate that says what is wrong with it."""


def query(environ: WSGIEnvironment, name: str) -> str:
    """A value of the query, empty where it has none."""
    return parse_qs(environ.get("QUERY_STRING", "")).get(name, [""])[0]


def whole_number(name: str, given: str, of: str) -> int:
    """A number without a sign. Raises BadRequestError that says what it is a number of."""
    if not re.fullmatch(r"\d{1,6}", given):
        raise BadRequestError(f"{name} {given!r}: want a whole number of {of}")
    return int(given)


def one_of(name: str, given: str, allowed: list[str]) -> str:
    """One of a few values, all of which the refusal names."""
    if given not in allowed:
        raise BadRequestError(f"{name} {given!r}: want one of {', '.join(allowed)}")
    return given


def known(given: str, there: list[str], wrong: str) -> str:
    """One of many names; the refusal is `wrong`, with the name that is most like it."""
    if given in there:
        return given
    likely = get_close_matches(given, there, n=1)
    raise BadRequestError(f"{wrong}{f'; did you mean {likely[0]}?' if likely else ''}")


@cache
def regions() -> list[str]:
    """AWS's regions."""
    return list(get_session().get_available_regions("ec2"))


def region(given: str) -> str:
    """One of AWS's regions."""
    return known(given, regions(), f"region {given!r} is not an AWS region")
