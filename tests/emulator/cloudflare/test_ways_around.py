"""No spelling of a path evades a rule: every path that Laravel would route has been checked."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ways import DOMAIN, ENDS, GUARDED, LETTERS, SLASHES, blocked, counted, got_around, routed, written

from sandbox.cloudflare.urls import normalized

HOSTS = [DOMAIN, *(f"{label}.{DOMAIN}" for label in ("app", "admin", "api"))]


@st.composite
def paths(draw: st.DrawFn) -> str:
    """A guarded path in disguise."""
    guarded = draw(st.sampled_from(GUARDED))
    text = "".join(
        draw(st.sampled_from(SLASHES)) if letter == "/" else written(letter, draw(st.sampled_from(LETTERS)))
        for letter in guarded
    )
    return text + draw(st.sampled_from(ENDS))


@given(raw=paths(), host=st.sampled_from(HOSTS))
@example(raw="/admin%2Flogin", host=f"admin.{DOMAIN}")
@example(raw="/login/", host=f"app.{DOMAIN}")
def test_no_way_of_writing_a_path_leads_around_a_rule(raw: str, host: str) -> None:
    path = normalized(raw)
    assert got_around(path, routed(path), host) == ""


@given(raw=paths(), host=st.sampled_from(HOSTS))
@example(raw="/x%2F.env", host=DOMAIN)
def test_hidden_files_and_other_scripts_are_blocked_however_they_are_written(raw: str, host: str) -> None:
    path = normalized(raw)
    asked = re.search(r"(?i)/\.|\.php/", unquote(path))
    assert blocked(path, host) or not asked


@pytest.mark.parametrize("path", GUARDED)
def test_what_is_guarded_is_found_to_be(path: str) -> None:
    """A test of the test: every request here that is allowed is also counted."""
    assert blocked(path, f"app.{DOMAIN}") or counted(path, f"app.{DOMAIN}")


@pytest.mark.parametrize(
    ("left_out", "host", "raw", "around"),
    [
        ("no-encoded-separators", "admin", "/admin%2Flogin", "the limit of logins"),
        ("no-other-scripts", "app", "/%69ndex.php/login", "the limit of logins"),
        ("admin-by-its-own-name-alone", "app", "/x/../admin", "Access"),
        ("metrics-from-inside-alone", "app", "/api//metrics/", "/api/metrics"),
    ],
)
def test_without_a_rule_there_is_a_way(left_out: str, host: str, raw: str, around: str) -> None:
    path = normalized(raw)
    assert got_around(path, routed(path), f"{host}.{DOMAIN}", left_out) == around
