"""Several records changed at once through the plugin, while the emulated Cloudflare has its faults."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.plugins.cloudflare.properties import bare
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from tests.emulator.cloudflare.emulated import DOMAIN, TOKEN, ZONE, Emulated
from tests.emulator.cloudflare.engine import RESOURCES, AbortedError, Engine
from tests.emulator.emulated import PATIENCE_SECONDS, until


def flip(provider: CloudflareProvider, engines: list[Engine], target: str) -> list[str | None]:
    """Change all records at once, as the engine does; the error of each."""

    def one(engine: Engine) -> str | None:
        try:
            engine.update({**engine.inputs, "content": target})
        except AbortedError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(one, engines))


@pytest.fixture
def live(provider: CloudflareProvider, emulated: Emulated) -> list[Engine]:
    """Six records, as the edge has them."""
    made = [
        Engine(provider, "DnsRecord").create({**RESOURCES["DnsRecord"], "name": f"host-{number}.{DOMAIN}"})
        for number in range(6)
    ]
    emulated.control("DELETE", "calls")
    return made


def calls(emulated: Emulated) -> dict[str, int]:
    counted = emulated.control("GET", "calls")
    return counted.get("PUT /zones/{zone_id}/dns_records/{dns_record_id}", {"all": 0, "faulted": 0})


def test_records_change_at_once_with_a_call_each(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    assert flip(provider, live, "dr.example.com") == [None] * 6
    assert calls(emulated) == {"all": 6, "faulted": 0}


@pytest.mark.parametrize("asked", [2, 3600])
def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine], waits: list[float], asked: int
) -> None:
    emulated.control("PUT", "faults", {"mode": "429", "count": 6, "retry_after": asked})
    assert flip(provider, live, "dr.example.com") == [None] * 6
    assert waits == [asked] * 6
    assert calls(emulated) == {"all": 12, "faulted": 6}


def test_an_error_that_passes_does_not_show(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "count": 2})
    assert flip(provider, live[:1], "dr.example.com") == [None]
    assert calls(emulated) == {"all": 3, "faulted": 2}


def test_an_error_half_way_leaves_a_state_that_says_which_records_changed(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx", "skip": 3})
    errors = flip(provider, live, "dr.example.com")
    assert sorted(error is None for error in errors) == [False] * 3 + [True] * 3
    assert all("502 Bad Gateway after 11 tries" in error for error in errors if error)
    assert calls(emulated) == {"all": 36, "faulted": 33}
    emulated.control("DELETE", "faults")
    for engine, error in zip(live, errors, strict=True):
        actual = emulated.call("GET", f"/zones/{ZONE}/dns_records/{engine.id}").json["result"]["content"]
        assert actual == bare(engine.state["content"]) == ("lb.example.com" if error else "dr.example.com")


def test_a_change_without_effect_shows_at_the_next_read(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "ignore"})
    assert flip(provider, live[:1], "dr.example.com") == [None]
    emulated.control("DELETE", "faults")
    live[0].refresh()
    assert live[0].state["content"] == "lb.example.com"


def test_an_error_for_good_is_tried_ten_times_more_over_minutes(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine], waits: list[float]
) -> None:
    emulated.control("PUT", "faults", {"mode": "5xx"})
    (error,) = flip(provider, live[:1], "dr.example.com")
    assert "502 Bad Gateway after 11 tries" in str(error)
    # Measured with Cloudflare's own provider 5.22: 190.7 s.
    assert 150 < sum(waits) < 220


def test_calls_that_are_never_answered_are_waited_for_until_they_break_off(
    provider: CloudflareProvider, emulated: Emulated, live: list[Engine]
) -> None:
    emulated.control("PUT", "faults", {"mode": "hang", "count": 3})
    with ThreadPoolExecutor(1) as pool:
        flipping = pool.submit(flip, provider, live[:3], "dr.example.com")
        until(lambda: calls(emulated)["faulted"] == 3)
        with pytest.raises(TimeoutError):
            flipping.result(0.2)
        emulated.control("DELETE", "faults")
        assert flipping.result(PATIENCE_SECONDS) == [None] * 3
    assert calls(emulated) == {"all": 6, "faulted": 3}


def test_no_answer_shows_the_token(provider: CloudflareProvider, emulated: Emulated, live: list[Engine]) -> None:
    emulated.control("PUT", "token", {"permissions": []})
    (error,) = flip(provider, live[:1], "dr.example.com")
    assert "403 Forbidden: Authentication error (10000)" in str(error)
    assert TOKEN not in str(error)
