"""The parameters of a rule's action: the allowed ones of each action, and what Cloudflare refuses."""

from typing import Any

from sandbox.cloudflare.answers import RefusedError
from sandbox.cloudflare.store import Resource

TAKES = {
    "block": {"response"},
    "execute": {"id", "matched_data", "overrides"},
    "redirect": {"from_list", "from_value"},
    "serve_error": {"asset_name", "content", "content_type", "status_code"},
    "set_cache_settings": {
        *("additional_cacheable_ports", "browser_ttl", "cache", "cache_key", "cache_reserve", "edge_ttl"),
        *("origin_cache_control", "origin_error_page_passthru", "origin_range_requests", "read_timeout"),
        *("respect_strong_etags", "serve_stale", "shared_dictionary", "strip_etags", "strip_last_modified"),
        *("strip_set_cookie", "vary"),
    },
    "skip": {"phase", "phases", "products", "rules", "ruleset", "rulesets"},
}
"""By action; all others have none (Cloudflare's API reference, rulesets, the rule of each action)."""

MANAGED: dict[str, Resource] = {
    key: {
        "id": key,
        "name": name,
        "description": "",
        "kind": "managed",
        "version": "1",
        "last_updated": "2026-01-01T00:00:00Z",
        "phase": "http_request_firewall_managed",
    }
    for key, name in (
        ("efb7b8c949ac4650a09736fc376e9aee", "Cloudflare Managed Ruleset"),
        ("4814384a9e5d4991b9815dcfc25d2f1f", "Cloudflare OWASP Core Ruleset"),
        ("c2e184081120413c86c3ab7e14069605", "Cloudflare Exposed Credentials Check Managed Ruleset"),
    )
}
"""Those of every zone with a paid plan (Cloudflare WAF, "Managed rules", available managed rulesets)."""
SCORE_RULE = "6179ae15870a4bb7b2d480d4843b323c"
"""The rule of the OWASP ruleset that takes a threshold (Cloudflare, "OWASP Core Ruleset", configure via API)."""

ERROR_TYPES = ("text/html", "text/plain", "application/json", "text/xml")
FIRST_ERROR, LAST_ERROR, MOST_ERROR_BYTES = 400, 999, 10_000
"""Cloudflare, "Custom errors parameters"."""
LAST_REFUSAL, MOST_REFUSAL_BYTES = 499, 2_000
"""Cloudflare, "Create a custom rule", custom response of the action block."""


def check(action: str, given: dict[str, Any], pointer: str) -> None:
    """Refuse parameters that Cloudflare refuses. Raises RefusedError."""
    if foreign := sorted(given.keys() - TAKES.get(action, set())):
        raise invalid(f"unknown field {foreign[0]!r} for the action {action}", f"{pointer}/{foreign[0]}")
    if action in CHECKS:
        CHECKS[action](given, pointer)


def _block(given: dict[str, Any], pointer: str) -> None:
    if answer := given.get("response"):
        _answer(answer, f"{pointer}/response", LAST_REFUSAL, MOST_REFUSAL_BYTES)


def _serve_error(given: dict[str, Any], pointer: str) -> None:
    _answer(given, pointer, LAST_ERROR, MOST_ERROR_BYTES)


def _answer(given: dict[str, Any], pointer: str, last: int, most_bytes: int) -> None:
    content, kind, status = given.get("content"), given.get("content_type"), given.get("status_code", FIRST_ERROR)
    if not content or kind not in ERROR_TYPES:
        raise invalid(f"an answer needs content, and a content_type of {', '.join(ERROR_TYPES)}", pointer)
    if len(content.encode()) > most_bytes:
        raise invalid(f"content is larger than {most_bytes} bytes", f"{pointer}/content")
    if not FIRST_ERROR <= status <= last:
        raise invalid(f"status_code is not from {FIRST_ERROR} to {last}", f"{pointer}/status_code")


def _execute(given: dict[str, Any], pointer: str) -> None:
    if given.get("id") not in MANAGED:
        raise invalid(f"ruleset {given.get('id')!r} does not exist", f"{pointer}/id")
    for position, rule in enumerate(given.get("overrides", {}).get("rules", [])):
        if "score_threshold" in rule and rule["id"] != SCORE_RULE:
            raise invalid(f"rule {rule['id']} has no score", f"{pointer}/overrides/rules/{position}/score_threshold")


def _skip(given: dict[str, Any], pointer: str) -> None:
    if not given:
        raise invalid("action parameters are required: a skip says what it skips", pointer)
    # The pairs that are incompatible according to the reference.
    for one, other in (("ruleset", "rulesets"), ("ruleset", "rules"), ("phases", "rulesets")):
        if one in given and other in given:
            raise invalid(f"{one} is incompatible with {other}", f"{pointer}/{one}")
    for position, key in enumerate(given.get("rulesets", [])):
        if key not in MANAGED:
            raise invalid(f"ruleset {key!r} does not exist", f"{pointer}/rulesets/{position}")


def _redirect(given: dict[str, Any], pointer: str) -> None:
    target = given.get("from_value", {}).get("target_url", {})
    if len(given) != 1 or ("from_value" in given and len(target) != 1):
        raise invalid("a redirect has from_list, or from_value with a target_url by value or expression", pointer)


def _set_cache_settings(given: dict[str, Any], pointer: str) -> None:
    for name in ("edge_ttl", "browser_ttl"):
        ttl = given.get(name, {})
        if (ttl.get("mode") == "override_origin") != ("default" in ttl):
            raise invalid("default is for mode override_origin, which needs it", f"{pointer}/{name}/default")
    for position, row in enumerate(given.get("edge_ttl", {}).get("status_code_ttl", [])):
        if ("status_code" in row) == ("status_code_range" in row):
            place = f"{pointer}/edge_ttl/status_code_ttl/{position}"
            raise invalid("want a status_code or a status_code_range", place)


CHECKS = {
    "block": _block,
    "execute": _execute,
    "redirect": _redirect,
    "serve_error": _serve_error,
    "set_cache_settings": _set_cache_settings,
    "skip": _skip,
}


def invalid(text: str, pointer: str) -> RefusedError:
    """A refusal of a whole ruleset; its code: terraform-provider-cloudflare, issue 6273."""
    return RefusedError(400, 20217, text, pointer=pointer)
