"""The emulated AWS as the process that the sandbox starts."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import psutil
import pytest
from botocore.config import Config

ROOT = Path(__file__).parents[2]
CLIENTS = 64
CALLS_EACH = 8
LIMIT_MIB = 800
START_SECONDS = 180
"""Three seconds of work, on a machine that brings up six platforms beside it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def health(port: int, process: subprocess.Popen[str]) -> dict[str, Any]:
    """The answer of its health check, once it answers; fails with the output of a process that ended."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/_sandbox/health", timeout=5) as answer:
                read: dict[str, Any] = json.load(answer)
                return read
        except URLError:
            if process.poll() is not None:
                pytest.fail(f"it ended with {process.returncode}: {process.communicate()}")
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def process(port: int) -> Iterator[subprocess.Popen[str]]:
    with running(port) as started:
        yield started


@contextmanager
def running(port: int) -> Iterator[subprocess.Popen[str]]:
    started = start(port)
    try:
        health(port, started)
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_quietly_when_told_to(how: signal.Signals) -> None:
    with running(free_port()) as process:
        process.send_signal(how)
        process.send_signal(how)
        _, errors = process.communicate(timeout=5)
        assert process.returncode == 0
        assert errors == ""


def test_another_server_is_another_instance(process: subprocess.Popen[str], port: int, endpoint: str) -> None:
    with urlopen(f"{endpoint}/_sandbox/health", timeout=5) as answer:
        assert json.load(answer)["instance"] != health(port, process)["instance"]


def test_a_port_that_is_taken_is_named_in_one_line(process: subprocess.Popen[str], port: int) -> None:
    late = start(port)
    _, errors = late.communicate(timeout=60)
    assert late.returncode == 1
    assert errors.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert errors.count("\n") == 1


def test_many_clients_at_once_are_all_answered(process: subprocess.Popen[str], port: int) -> None:
    connect: Callable[..., Any] = boto3.client
    sqs = connect(
        "sqs",
        region_name="eu-central-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=CLIENTS),
    )

    def make(name: str) -> None:
        sqs.create_queue(QueueName=name)

    names = [f"queue-{number}" for number in range(CLIENTS * CALLS_EACH)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(make, names))
    assert len(sqs.list_queues()["QueueUrls"]) == len(names)
    assert psutil.Process(process.pid).memory_info().rss < LIMIT_MIB * 2**20
