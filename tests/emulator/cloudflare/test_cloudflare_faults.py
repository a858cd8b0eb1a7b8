"""Faults of the emulated API, and its count of calls."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from ops.core import cloudflare as cloudflare_of_ops
from ops.core.cloudflare import EdgeApi
from ops.errors import OpsError
from sandbox.cloudflare.faults import Mode
from sandbox.cloudflare.server import THREADS
from tests.emulator.cloudflare.emulated import TOKEN, ZONE, Emulated
from tests.emulator.emulated import until

RECORDS = f"/zones/{ZONE}/dns_records"
LESS_THAN_IT_DRIPS_SECONDS = 40
RECORD = {"name": "www", "type": "CNAME", "content": "lb.example.com", "ttl": 1}


def statuses(emulated: Emulated, number: int) -> list[int]:
    return [emulated.call("GET", RECORDS).status for _ in range(number)]


def test_a_fault_skips_calls_then_meets_as_many_as_it_counts(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "skip": 2, "count": 3})
    assert statuses(emulated, 7) == [200, 200, 502, 502, 502, 200, 200]


def test_a_fault_meets_the_methods_and_paths_it_names(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "method": "PATCH|POST", "path": "dns_records"})
    assert emulated.call("GET", RECORDS).status == 200
    assert emulated.call("POST", RECORDS, RECORD).status == 502
    assert emulated.call("PATCH", f"/zones/{ZONE}/settings/ssl", {"value": "strict"}).status == 200


def test_several_faults_hold_at_once_until_they_are_cleared(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", [{"mode": "429", "method": "GET"}, {"mode": "5xx", "method": "POST"}])
    assert emulated.call("GET", RECORDS).status == 429
    assert emulated.call("POST", RECORDS, RECORD).status == 502
    assert emulated.control("DELETE", "faults") == []
    assert emulated.call("POST", RECORDS, RECORD).status == 200


def test_too_many_calls_are_told_when_to_come_again(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "429", "count": 1, "retry_after": 7})
    answer = emulated.call("GET", RECORDS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert "throttling your request speed" in answer.error["message"]


def test_the_sdk_waits_as_long_as_it_is_told(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("cloudflare._base_client.time", SimpleNamespace(sleep=waits.append))
    emulated.control("PUT", "faults", {"mode": "429", "count": 1, "retry_after": 7})
    patient = Cloudflare(api_token=TOKEN, base_url=f"{emulated.url}/client/v4")
    assert list(patient.dns.records.list(zone_id=ZONE)) == []
    assert waits == [7]


def test_a_broken_gateway_answers_as_a_page(sdk: Cloudflare, emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx"})
    assert "502 Bad Gateway" in emulated.call("GET", RECORDS).text
    with pytest.raises(cloudflare.InternalServerError):
        sdk.zones.get(zone_id=ZONE)


def test_an_ignored_change_is_answered_as_if_it_were_done(emulated: Emulated) -> None:
    record = emulated.record("www")
    emulated.control("PUT", "faults", {"mode": "ignore"})
    answer = emulated.call("PATCH", f"{RECORDS}/{record['id']}", {"content": "other.example.com"})
    assert (answer.status, answer.json["result"]["content"]) == (200, "other.example.com")
    emulated.call("DELETE", f"{RECORDS}/{record['id']}")
    emulated.call("POST", RECORDS, {**RECORD, "name": "api"})
    emulated.control("DELETE", "faults")
    assert emulated.call("GET", RECORDS).json["result"] == [record]


def test_more_hanging_calls_than_threads_leave_the_server_answering(emulated: Emulated) -> None:
    emulated.control("PUT", "faults", {"mode": "hang", "path": ZONE})
    hanging = THREADS + 8
    with ThreadPoolExecutor(hanging) as pool:
        callers = [pool.submit(emulated.call, "GET", f"/zones/{ZONE}") for _ in range(hanging)]
        every = {"all": hanging, "faulted": hanging}
        until(lambda: emulated.control("GET", "calls").get("GET /zones/{zone_id}") == every)
        assert emulated.call("GET", "/user/tokens/verify").status == 200
        assert not any(caller.done() for caller in callers)
        emulated.control("DELETE", "faults")
        assert all(isinstance(caller.exception(), ConnectionResetError) for caller in callers)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.IGNORE])
def test_what_a_flip_asks_is_over_in_time_with_any_fault(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{emulated.url}/client/v4")
    # As much as drips for longer than the limit.
    for number in range(3):
        emulated.record(f"host-{number}")
    with monkeypatch.context() as limits:
        for name, seconds in (("QUICK_SECONDS", 0.3), ("QUICK_CALL_SECONDS", 0.8)):
            limits.setattr(cloudflare_of_ops, name, seconds)
        retries = cloudflare_of_ops.QUICK_RETRIES.new(retry_after_max=0.1, backoff_factor=0)
        limits.setattr(cloudflare_of_ops, "QUICK_RETRIES", retries)
        api = EdgeApi(lambda _key: TOKEN, quick=True)
    emulated.control("PUT", "faults", {"mode": mode, "retry_after": 3600})
    started = time.monotonic()
    with pytest.raises(OpsError, match="dns_records"):
        api.rows(RECORDS)
    # Without the limit on the whole call, a slow answer takes its bytes times DRIP_SECONDS: over a minute.
    assert time.monotonic() - started < LESS_THAN_IT_DRIPS_SECONDS
    emulated.control("DELETE", "faults")
    assert len(EdgeApi(lambda _key: TOKEN).rows(RECORDS)) == 3


def test_calls_are_counted_by_method_and_template(emulated: Emulated) -> None:
    record = emulated.record("www")
    emulated.control("PUT", "faults", {"mode": "5xx", "method": "PUT", "count": 1})
    for _ in range(2):
        emulated.call("PUT", f"{RECORDS}/{record['id']}", RECORD)
    counted = {
        "POST /zones/{zone_id}/dns_records": {"all": 1, "faulted": 0},
        "PUT /zones/{zone_id}/dns_records/{dns_record_id}": {"all": 2, "faulted": 1},
    }
    assert emulated.control("GET", "calls") == counted
    assert emulated.control("DELETE", "calls") == counted
    assert emulated.control("GET", "calls") == {}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"mode": "explode"}, "mode 'explode': want one of 429, 5xx, ignore, hang, reset, slow"),
        ({}, "a fault has a mode"),
        ({"mode": "5xx", "times": 2}, "'times' is nothing of a fault"),
        ({"mode": "5xx", "count": "2"}, "count '2': want a number, 0 or more"),
        ({"mode": "5xx", "skip": -1}, "skip -1: want a number, 0 or more"),
        (b"{", "the body is not JSON"),
    ],
)
def test_a_mistake_is_answered_in_one_clear_line(emulated: Emulated, told: Any, said: str) -> None:
    answer = emulated.ask("PUT", "/_sandbox/faults", told)
    assert answer.status == 400
    assert answer.text.count("\n") == 1
    assert answer.json["error"].startswith(said)
    assert emulated.control("GET", "faults") == []


def test_a_path_that_is_not_there_is_told_what_is(emulated: Emulated) -> None:
    answer = emulated.ask("GET", "/_sandbox/helth")
    assert answer.status == 404
    assert answer.json["error"].startswith("GET /_sandbox/helth: want one of GET health")


def test_health_names_this_run_of_the_server(emulated: Emulated) -> None:
    health = emulated.control("GET", "health")
    assert health == emulated.control("GET", "health")
    assert (health["status"], len(health["instance"])) == ("ok", 16)
