"""An emulated AWS in this process, and a mark for tests of one fix, which fail without it."""

import json
import threading
import uuid
from collections.abc import Generator, Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandbox.aws import later
from sandbox.aws.fixes.fix import FIXES
from sandbox.aws.server import Server, build
from tests.emulator.emulated import ACCOUNT, PATIENCE_SECONDS, REGION, Clients, Control, connected
from tests.emulator.timers import Timers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fix(name): the fix that makes this test pass, and without which it must fail")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("fix"):
        metafunc.fixturenames.append("fixed")
        metafunc.parametrize("fixed", [True, False], ids=["fixed", "stock"])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    mark = pyfuncitem.get_closest_marker("fix")
    if mark is None or pyfuncitem.callspec.params["fixed"]:
        return (yield)
    fix = FIXES[mark.args[0]]
    fix.enabled = False
    try:
        yield
    except (Exception, pytest.fail.Exception):
        return True
    finally:
        fix.enabled = True
    pytest.fail(f"moto now does this itself: delete fixes/{fix.name}")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = build("127.0.0.1", 0, ACCOUNT)
    running.prepare()
    threading.Thread(target=running.serve, daemon=True).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def endpoint(server: Server) -> str:
    host, port = server.bind_addr[:2]
    return f"http://{host}:{port}"


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Clients:
    """boto3 clients: `aws("rds")`, or `aws("rds", OTHER_REGION)`.

    The tests share an account, because emptying it takes a second; each has its own `name`.
    """
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str = REGION) -> Any:
        if (service, region) not in made:
            made[service, region] = connected(endpoint, service, region)
        return made[service, region]

    return client


@pytest.fixture
def control(endpoint: str) -> Iterator[Control]:
    """The emulated AWS's own paths; what a test took away is restored."""

    def send(method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        with urlopen(
            Request(f"{endpoint}/_sandbox/{path}", content, method=method), timeout=PATIENCE_SECONDS
        ) as answer:
            return json.load(answer)

    send("DELETE", "calls")
    yield send
    for region in send("GET", "blackout"):
        send("DELETE", f"blackout/{region}")
    send("PUT", "clock/0")
    send("PUT", "ending/0")
    send("DELETE", "fault")
    send("DELETE", "capacity")


@pytest.fixture(autouse=True)
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    """Time passes when a test says so, however slow the machine is; nothing from one test happens during the next."""
    timers = Timers()
    monkeypatch.setattr(later, "Timer", timers.made)
    return timers


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"
