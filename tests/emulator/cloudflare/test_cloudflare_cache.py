"""What the emulated edge keeps in its cache, and that no error of a lost region is in it after a flip."""

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from edges import edge, rules

from sandbox.cloudflare import cache
from sandbox.plugins.cloudflare import shapes
from tests.emulator.cloudflare.emulated import DOMAIN, ZONE, Emulated
from tests.emulator.emulated import PATIENCE_SECONDS

PHASE = "http_request_cache_settings"
RULESET = "cloudflare:index/ruleset:Ruleset"
OURS = shapes.to_api({"rules": list(rules(edge(), PHASE).values())}, shapes.shape(RULESET))["rules"]
AS_IT_ONCE_WAS = {"cache": True, "edge_ttl": {"mode": "override_origin", "default": 3600}}


@pytest.fixture
def visit(emulated: Emulated) -> Callable[[str], int]:
    def send(path: str) -> int:
        connection = HTTPConnection(emulated.url.removeprefix("http://"), timeout=PATIENCE_SECONDS)
        connection.request("GET", path, headers={"Host": f"app.{DOMAIN}"})
        with connection.getresponse() as answer:
            return answer.status

    return send


def flip(emulated: Emulated, visit: Callable[[str], int], path: str, given: list[dict[str, Any]]) -> int:
    """The status that a visitor gets from the other region who had asked a broken one before."""
    ruleset = {"name": "cache", "kind": "zone", "phase": PHASE, "rules": given}
    emulated.made(f"/zones/{ZONE}/rulesets", ruleset)
    record = emulated.record("app", content="broken.example.com")
    assert visit(path) == 503
    emulated.made(f"/zones/{ZONE}/dns_records/{record['id']}", {"content": "dr-lb.example.com"}, "PATCH")
    return visit(path)


@pytest.mark.parametrize("path", ["/build/app-1.css", "/dashboard", "/api/canary"])
def test_no_error_of_a_lost_region_is_served_after_a_flip(
    emulated: Emulated, visit: Callable[[str], int], path: str
) -> None:
    assert flip(emulated, visit, path, OURS) == 201


def test_a_rule_that_overrides_the_origin_without_a_word_on_errors_keeps_them(
    emulated: Emulated, visit: Callable[[str], int]
) -> None:
    rule = {"ref": "all", "expression": "true", "action": "set_cache_settings", "action_parameters": AS_IT_ONCE_WAS}
    assert flip(emulated, visit, "/build/app-2.css", [rule]) == 503


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {"content-type": "text/css", "cache-control": "public, max-age=14400"}, 14_400),
        (200, {"content-type": "text/css", "cache-control": "max-age=60, s-maxage=120"}, 120),
        (200, {"content-type": "text/css", "cache-control": "private, max-age=60"}, 0),
        (200, {"content-type": "text/css", "set-cookie": "a=b"}, 0),
        (200, {"content-type": "text/css"}, 7200),
        (200, {"content-type": "text/html"}, 0),
        (404, {"content-type": "text/css", "cache-control": "max-age=14400"}, 0),
        (503, {}, 0),
    ],
)
def test_our_rule_keeps_an_asset_as_long_as_the_region_says(status: int, headers: dict[str, str], seconds: int) -> None:
    told = cache.parameters([OURS[0]])
    assert cache.seconds(told, "/account/x.css", status, headers) == seconds
