"""The sandbox application over HTTP: its own paths, and the behaviour of a lost region."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from sandbox.application.observer import FRESH_SECONDS
from sandbox.application.server import Application, build
from tests.emulator.declared import Declared, declare
from tests.emulator.emulated import OTHER_REGION, PATIENCE_SECONDS, REGION, Clients, Control


@pytest.fixture(scope="module")
def application(endpoint: str) -> Iterator[httpx.Client]:
    server = build("127.0.0.1", 0, Application(endpoint, [REGION, OTHER_REGION]))
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    with httpx.Client(base_url="http://{}:{}".format(*server.bind_addr[:2]), timeout=PATIENCE_SECONDS) as client:
        yield client
    server.stop()


@pytest.fixture
def shop(aws: Clients, name: str) -> Declared:
    declared = declare(aws, name)
    # Another test's recent answer is still cached.
    time.sleep(FRESH_SECONDS)
    return declared


def through_the_edge(shop: Declared) -> dict[str, str]:
    """The headers with which the edge forwards a visitor's request."""
    return {"Host": "app.shop.example", "X-Sandbox-Origin": shop.dns_name}


def test_it_says_that_it_is_there(application: httpx.Client) -> None:
    assert application.get("/_sandbox/health").json() == {"status": "ok"}


def test_a_visitor_is_served_by_the_load_balancer_that_the_edge_names(
    application: httpx.Client, shop: Declared
) -> None:
    shop.database()
    headers = through_the_edge(shop)
    assert application.get("/api/health/database", headers=headers).status_code == 200
    assert application.post("/api/canary", headers=headers, json={"id": 3}).status_code == 201
    assert application.get("/api/canary", headers=headers).json()["last_id"] == 3


def test_a_change_of_what_is_declared_shows_within_a_second(application: httpx.Client, shop: Declared) -> None:
    headers = through_the_edge(shop)
    assert application.get("/api/health", headers=headers).status_code == 200
    shop.scale(0)
    threading.Event().wait(1)
    assert application.get("/api/health", headers=headers).status_code == 503


@pytest.mark.parametrize("mode", ["refuse", "hang", "error"])
def test_a_lost_region_drops_its_visitors(
    application: httpx.Client, shop: Declared, control: Control, mode: str
) -> None:
    control("PUT", f"blackout/{REGION}?mode={mode}")
    with pytest.raises(httpx.TransportError):
        application.get("/api/health", headers=through_the_edge(shop))
    control("DELETE", f"blackout/{REGION}")
    assert application.get("/api/health", headers=through_the_edge(shop)).status_code == 200


def test_lag_and_pause_are_set_and_told(application: httpx.Client) -> None:
    set_to = application.put("/_sandbox/replication", json={"lag_seconds": 30, "paused": True}).json()
    assert (set_to["lag_seconds"], set_to["paused"]) == (30, True)
    assert application.put("/_sandbox/replication", json={"paused": False}).json()["lag_seconds"] == 30
    assert application.get("/_sandbox/replication").json()["paused"] is False


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({}, "want {"),
        ([], "want {"),
        ({"lag": 3}, "want {"),
        ({"lag_seconds": -1}, "lag_seconds -1: want a number from 0 to 86400"),
        ({"lag_seconds": "3"}, "lag_seconds '3': want a number"),
        ({"lag_seconds": True}, "lag_seconds True: want a number"),
        ({"lag_seconds": 5, "paused": 1}, "paused 1: want true or false"),
    ],
)
def test_a_wish_that_makes_no_sense_changes_nothing(application: httpx.Client, wish: object, problem: str) -> None:
    before = application.get("/_sandbox/replication").json()
    refused = application.put("/_sandbox/replication", json=wish)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(problem)
    assert application.get("/_sandbox/replication").json() == before


def test_an_unknown_path_of_its_own_is_told_what_there_is(application: httpx.Client) -> None:
    refused = application.get("/_sandbox/replicatoin")
    assert refused.status_code == 404
    assert "GET or PUT /_sandbox/replication" in refused.json()["error"]
