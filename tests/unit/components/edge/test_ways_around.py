"""No way of writing a path leads around a rule: what Laravel would route has been judged, however it is written."""

import re
from urllib.parse import unquote

import pytest
from edges import edge, edge_settings, rules
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.cloudflare.expressions import evaluate
from sandbox.cloudflare.urls import normalized

FIREWALL = edge_settings().firewall
DOMAIN = edge_settings().domain
LOGIN = FIREWALL.login_paths
HIDDEN = ["/.env", "/storage/.git/config"]
SCRIPTS = ["/index.php/login", "/index.php/admin/login", "/index.php/api/metrics", "/old.php"]
GUARDED = ["/admin", "/admin/users", "/api/metrics", *LOGIN, *FIREWALL.webhook_paths, *HIDDEN, *SCRIPTS]

SLASHES = st.sampled_from(["/", "//", "/./", "/x/../", "\\", "%2F", "%2f", "%5C", "/%2e/", "/y/%2E%2e/"])
LETTERS = st.sampled_from(["as it is", "as it is", "encoded", "encoded in lower case", "encoded twice", "upper case"])
ENDS = st.sampled_from(["", "/", "//", "/.", "%2F", "%00", "/..;", ";", "/index.php/.."])


def written(letter: str, how: str) -> str:
    """A letter of a path, as somebody may write it who hopes that no rule knows it so."""
    code = f"{ord(letter):02X}"
    forms = {"encoded": f"%{code}", "encoded in lower case": f"%{code.lower()}", "encoded twice": f"%25{code}"}
    return forms.get(how, letter.upper() if how == "upper case" else letter)


@st.composite
def paths(draw: st.DrawFn) -> str:
    """A guarded path in disguise."""
    guarded = draw(st.sampled_from(GUARDED))
    text = "".join(draw(SLASHES) if letter == "/" else written(letter, draw(LETTERS)) for letter in guarded)
    return text + draw(ENDS)


def routed(path: str) -> str:
    """The route that Laravel looks for.

    Symfony takes the script's own name off (`Request::prepareBaseUrl`), Laravel the slashes at the end, and decodes the
    rest once (`UriValidator::matches`).
    """
    inside = re.sub(r"^/index\.php(?=/|$)", "", path)
    return unquote(inside.rstrip("/") or "/")


def blocked(path: str, host: str, left_out: str = "") -> bool:
    """Whether a rule of our own blocks a GET without a signature."""
    request = {"http.host": host, "http.request.uri.path": path, "http.request.method": "GET"}
    return any(
        rule["action"] == "block" and evaluate(rule["expression"], {**request, "http.request.headers": {}})
        for ref, rule in rules(edge(), "http_request_firewall_custom").items()
        if ref != left_out
    )


def counted(path: str, host: str) -> bool:
    """Whether the limit of logins counts the request."""
    request = {"http.host": host, "http.request.uri.path": path}
    return bool(evaluate(rules(edge(), "http_ratelimit")["login"]["expression"], request))


def got_around(raw: str, host: str, left_out: str = "") -> str:
    """What a path leads around, empty where there is nothing; `left_out` is a rule of our own that is not there."""
    path = normalized(raw)
    route = routed(path)
    if blocked(path, host, left_out):
        return ""
    if route in LOGIN and not counted(path, host):
        return "the limit of logins"
    if (route == "/admin" or route.startswith("/admin/")) and host != f"admin.{DOMAIN}":
        return "Access"
    if route == "/api/metrics" or route in FIREWALL.webhook_paths:
        return route
    if re.search(r"/\.(?!well-known/)", unquote(path)) or re.search(r"(?i)\.php/", unquote(path)):
        return "what is not served"
    return ""


@given(raw=paths(), host=st.sampled_from([DOMAIN, f"app.{DOMAIN}", f"admin.{DOMAIN}", f"api.{DOMAIN}"]))
@example(raw="/admin%2Flogin", host=f"admin.{DOMAIN}")
@example(raw="/login/", host=f"app.{DOMAIN}")
def test_no_way_of_writing_a_path_leads_around_a_rule(raw: str, host: str) -> None:
    assert got_around(raw, host) == ""


@pytest.mark.parametrize("path", GUARDED)
def test_what_is_guarded_is_found_to_be(path: str) -> None:
    """A check of the check: nothing here is let through unless it is counted."""
    assert blocked(path, f"app.{DOMAIN}") or counted(path, f"app.{DOMAIN}")


@pytest.mark.parametrize(
    ("left_out", "host", "raw", "around"),
    [
        ("no-encoded-separators", "admin", "/admin%2Flogin", "the limit of logins"),
        ("no-encoded-separators", "app", "/x%2F.env", "what is not served"),
        ("no-other-scripts", "app", "/%69ndex.php/login", "the limit of logins"),
        ("admin-by-its-own-name-alone", "app", "/x/../admin", "Access"),
        ("metrics-from-inside-alone", "app", "/api//metrics/", "/api/metrics"),
    ],
)
def test_without_a_rule_there_is_a_way(left_out: str, host: str, raw: str, around: str) -> None:
    assert got_around(raw, f"{host}.{DOMAIN}", left_out) == around
