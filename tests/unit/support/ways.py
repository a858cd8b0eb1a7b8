"""Spellings of a protected path, and how the platform handles a request for each: rules at the edge, then a route."""

import re
from urllib.parse import unquote

from edges import edge, edge_settings, rules

from sandbox.cloudflare.expressions import evaluate
from settings.webhooks import paths

WEBHOOKS = paths(edge_settings().webhooks)
DOMAIN = edge_settings().domain
LOGIN = edge_settings().firewall.login_paths
METRICS = "/api/metrics"
ROUTES = ["/admin", "/admin/users", METRICS, *LOGIN, *WEBHOOKS]
HIDDEN = ["/.env", "/storage/.git/config"]
SCRIPTS = ["/index.php/login", "/index.php/admin/login", "/index.php/api/metrics", "/old.php"]
GUARDED = [*ROUTES, *HIDDEN, *SCRIPTS]

SLASHES = ("/", "//", "/./", "/x/../", "\\", "%2F", "%2f", "%5C", "/%2e/", "/y/%2E%2e/")
LETTERS = ("as it is", "encoded", "encoded in lower case", "encoded twice", "upper case")
ENDS = ("", "/", "//", "/.", "%2F", "%00", "/..;", ";", "/index.php/..")


def written(letter: str, how: str) -> str:
    """A letter of a path, in spellings with which an attacker may try to evade rules."""
    code = f"{ord(letter):02X}"
    forms = {"encoded": f"%{code}", "encoded in lower case": f"%{code.lower()}", "encoded twice": f"%25{code}"}
    return forms.get(how, letter.upper() if how == "upper case" else letter)


def routed(path: str) -> str:
    """The route that Laravel matches.

    Symfony removes the script's own name (`Request::prepareBaseUrl`). Laravel removes trailing slashes, and decodes the
    rest once (`UriValidator::matches`).
    """
    inside = re.sub(r"^/index\.php(?=/|$)", "", path)
    return unquote(inside.rstrip("/") or "/")


def blocked(path: str, host: str, left_out: str = "") -> bool:
    """Whether one of our rules blocks a GET without a signature; `left_out` is a rule to ignore."""
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


def got_around(path: str, route: str, host: str, left_out: str = "") -> str:
    """What a normalized path evades on its way to a route; empty for nothing."""
    if blocked(path, host, left_out):
        return ""
    if route in LOGIN and not counted(path, host):
        return "the limit of logins"
    if (route == "/admin" or route.startswith("/admin/")) and host != f"admin.{DOMAIN}":
        return "Access"
    return route if route == METRICS or route in WEBHOOKS else ""
