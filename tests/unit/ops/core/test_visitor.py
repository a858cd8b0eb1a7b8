"""Cloudflare as operators' commands call it, replaced by a small server."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from ops.core import cloudflare, visitor
from ops.core.cloudflare import MOST_RETRIES, QUICK_RETRIES, RETRIES, EdgeApi
from ops.core.pair import EdgeStack
from ops.errors import OpsError

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"


def edge_of(zone_id: str) -> EdgeStack:
    """The used parts of an edge's stack."""
    return cast(EdgeStack, SimpleNamespace(zone_id=zone_id, token="token"))


class Handler(BaseHTTPRequestHandler):
    """Two pages of records, a setting after some `refusals`, and a page that returns a visitor's request."""

    refusals: ClassVar[list[int]] = []
    retry_after = "1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        status, content = self._answer(url.path, parse_qs(url.query))
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 429:
            self.send_header("Retry-After", self.retry_after)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path == f"/client/v4/zones/{ZONE}/dns_records":
            page = int(query["page"][0])
            content = f"balancer-{page}"
            row = {"id": str(page), "name": f"host-{page}", "type": "CNAME", "content": content, "proxied": True}
            other = {"id": "t", "name": "text", "type": "TXT", "content": "x", "proxied": False}
            return 200, {"success": True, "result": [row, other], "result_info": {"page": page, "total_count": 4}}
        if path == f"/client/v4/zones/{ZONE}/settings/ssl":
            if self.refusals:
                return self.refusals.pop(), {"success": False, "errors": []}
            return 200, {"success": True, "result": {"id": "ssl", "value": "strict"}}
        if path == f"/client/v4/zones/{ZONE}/origin_tls_client_auth/settings":
            return 200, {"success": True, "result": {"enabled": True}}
        if path == f"/client/v4/zones/{ZONE}/origin_tls_client_auth":
            rows = [("active", "2030-01-02"), ("pending_deployment", "2031-01-02"), ("deleted", "2032-01-02")]
            found = [{"id": s, "status": s, "expires_on": f"{day}T00:00:00Z"} for s, day in rows]
            # The API reference: `total_count` is that of the rows "without any search parameters".
            shown = found if query["page"] == ["1"] else []
            return 200, {"success": True, "result": shown, "result_info": {"page": 1, "total_count": 9}}
        if path == f"/client/v4/zones/{ZONE}/settings/odd":
            return 200, ["not", "an", "envelope"]
        if path.startswith("/client"):
            return 403, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}
        length = int(self.headers.get("Content-Length") or 0)
        told = {"host": self.headers["Host"], "method": self.command, "body": self.rfile.read(length).decode()}
        return (404 if path == "/nowhere" else 200), told

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """Say nothing."""


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{running.server_port}"
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{url}/client/v4")
    monkeypatch.setenv("ASKPROAI_EDGE_URL", url)
    monkeypatch.setattr(cloudflare, "RETRIES", RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(cloudflare, "QUICK_RETRIES", QUICK_RETRIES.new(backoff_factor=0))
    visitor._api.cache_clear()
    Handler.refusals = []
    yield url
    running.shutdown()
    running.server_close()


def test_records_that_lead_somewhere_are_read_page_after_page() -> None:
    found = visitor.records(edge_of(ZONE))
    assert found == {
        "host-1": "balancer-1",
        "host-2": "balancer-2",
    }


def test_a_setting_of_the_zone_is_text() -> None:
    assert visitor.zone_setting(edge_of(ZONE), "ssl") == "strict"


def test_the_certificate_for_the_origins_is_the_one_that_is_deployed() -> None:
    found = visitor.origin_pulls(edge_of(ZONE))
    assert (found.enabled, found.ends) == (True, datetime(2030, 1, 2, tzinfo=UTC))


def test_an_api_that_refuses_is_an_error_of_one_line() -> None:
    with pytest.raises(OpsError) as refused:
        visitor.records(edge_of("other"))
    assert refused.value.message == (
        "Cloudflare's API answers /zones/other/dns_records with 403: Authentication error (10000)"
    )
    with pytest.raises(OpsError, match="settings/min_tls_version with 403"):
        visitor.zone_setting(edge_of(ZONE), "min_tls_version")


@pytest.mark.parametrize(("refusals", "pause"), [([503], 0), ([429], 1)])
def test_an_api_that_is_busy_is_asked_again_when_it_says(
    refusals: list[int], pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    Handler.refusals = list(refusals)
    assert visitor.zone_setting(edge_of(ZONE), "ssl") == "strict"
    assert Handler.refusals == []
    assert sum(pauses) == pause


@pytest.mark.parametrize(("quick", "tries"), [(False, 1 + MOST_RETRIES), (True, 2)])
def test_an_api_that_stays_busy_is_given_up(quick: bool, tries: int) -> None:
    Handler.refusals = [503] * 9
    with pytest.raises(OpsError, match="settings/ssl with 503"):
        EdgeApi(lambda _secret: "token", quick=quick).one(f"/zones/{ZONE}/settings/ssl")
    assert len(Handler.refusals) == 9 - tries


def test_a_flip_waits_for_cloudflares_limit_for_seconds_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(Handler, "retry_after", "3600")
    Handler.refusals = [429] * 9
    with pytest.raises(OpsError, match="settings/ssl with 429"):
        visitor.zone_setting(edge_of(ZONE), "ssl")
    assert pauses == [cloudflare.QUICK_PAUSE_SECONDS]


def test_an_address_that_is_not_the_apis_is_named() -> None:
    with pytest.raises(OpsError, match="is CLOUDFLARE_BASE_URL correct"):
        visitor.zone_setting(edge_of(ZONE), "odd")


def test_an_api_that_does_not_answer_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(OpsError, match="does not answer /zones/"):
        visitor.zone_setting(edge_of(ZONE), "ssl")


def test_a_visitor_names_the_host_whatever_the_address_is() -> None:
    answer = visitor.visit("app.askproai.de", "/api/canary", "POST", {"id": 1})
    assert (answer.status, answer["host"], answer["method"]) == (200, "app.askproai.de", "POST")
    assert answer["body"] == '{"id": 1}'


def test_a_visitor_who_is_answered_too_slowly_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that starts again with every byte would wait for all of them."""

    def drips(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1200):
            handler.wfile.write(b"x")
            Event().wait(0.05)

    monkeypatch.setattr(Handler, "do_GET", drips)
    started = time.monotonic()
    answer = visitor.visit("app.askproai.de", "/api/health", seconds=0.1)
    assert (answer.status, "no whole answer" in str(answer.body)) == (0, True)
    assert time.monotonic() - started < 50


def test_a_refusal_is_an_answer() -> None:
    assert visitor.visit("app.askproai.de", "/nowhere").status == 404


def test_an_answer_that_does_not_come_has_status_0_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPROAI_EDGE_URL", "http://127.0.0.1:9")
    answer = visitor.visit("app.askproai.de", "/api/health")
    assert answer.status == 0
    assert "refused" in str(answer.body)
