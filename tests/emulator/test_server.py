"""The emulated AWS as the process that the sandbox starts."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from ops.core.aws import rows
from tests.emulator.emulated import PATIENCE_SECONDS, REGION, connected

ROOT = Path(__file__).parents[2]
CLIENTS = 64
CALLS_EACH = 8
LIMIT_MIB = 800


def start(port: int = 0) -> subprocess.Popen[str]:
    """The server on a port, or on one that is free."""
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


Running = tuple[subprocess.Popen[str], str]
"""The process, and the URL that it says it has."""


@contextmanager
def running() -> Iterator[Running]:
    started = start()
    try:
        assert started.stdout
        url = started.stdout.readline().strip().removeprefix("AWS on ")
        if not url:
            pytest.fail(f"it ended: {started.communicate()}")
        yield started, url
    finally:
        started.kill()
        started.wait()


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running() as shared:
        yield shared


def instance(url: str) -> str:
    with urlopen(f"{url}/_sandbox/health", timeout=PATIENCE_SECONDS) as answer:
        return str(json.load(answer)["instance"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_quietly_when_told_to(how: signal.Signals) -> None:
    with running() as (process, _):
        process.send_signal(how)
        process.send_signal(how)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert errors == ""


def test_another_server_is_another_instance(shared: Running, endpoint: str) -> None:
    assert instance(shared[1]) != instance(endpoint)


def test_a_port_that_is_taken_is_named_in_one_line(shared: Running) -> None:
    port = int(shared[1].rpartition(":")[2])
    late = start(port)
    _, errors = late.communicate(timeout=PATIENCE_SECONDS)
    assert late.returncode == 1
    assert errors.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert errors.count("\n") == 1


def test_many_clients_at_once_are_all_answered(shared: Running) -> None:
    process, url = shared
    sqs = connected(url, "sqs", REGION, max_pool_connections=CLIENTS)

    def make(name: str) -> None:
        sqs.create_queue(QueueName=name)

    names = [f"queue-{number}" for number in range(CLIENTS * CALLS_EACH)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(make, names))
    assert len(list(rows(sqs, "list_queues"))) == len(names)
    assert psutil.Process(process.pid).memory_info().rss < LIMIT_MIB * 2**20
