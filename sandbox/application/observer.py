"""The emulated AWS as the application sees it: what is declared, read with calls that no black-out test counts."""

import json
import math
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

OBSERVER_HEADER = "x-sandbox-observer"
FRESH_SECONDS = 0.5
"""The maximum age of an answer: a person or a gate that just changed something must not get an earlier state."""
UNTOUCHED_SECONDS = 10.0
"""The maximum age while nobody else calls the service: almost nothing changes by itself, or by calls of other
services."""
BUCKETS_UNTOUCHED_SECONDS = 60.0
"""The same for S3, where nothing does: with this an idle sandbox takes 0.7 CPU seconds a minute, with ten seconds
1.7."""
PULSE_SECONDS = 10.0
"""As long as any other call may take: while a stack comes up, calls queue for the emulated AWS."""
ANSWERS_KEPT = 1_000


class Observer:
    """The application's calls in all regions; answers to the same call are shared while they are fresh."""

    def __init__(self, url: str, regions: Sequence[str]) -> None:
        self.url = url
        self.regions = list(dict.fromkeys(regions))
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[str, tuple[float, int | None, Any]] = {}
        self._answered: dict[str, int] | None = None
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._making = threading.Lock()

    def lost(self) -> set[str]:
        """The regions, or `region/service`, that are blacked out now.

        This also updates which services others have called.

        Raises OSError when the emulated AWS does not answer.
        """
        with urllib.request.urlopen(f"{self.url}/_sandbox/pulse", timeout=PULSE_SECONDS) as answer:
            pulse = json.load(answer)
        self._answered = pulse["answered"]
        return set(pulse["lost"])

    def ask(self, region: str, service: str, operation: str, *, fresh: float = FRESH_SECONDS, **arguments: Any) -> Any:
        """The answer to a call: at most `fresh` seconds old, or older if nothing can have changed.

        Raises what boto3 raises.
        """
        question = json.dumps([region, service, operation, arguments], sort_keys=True)
        with self._locks[question]:
            asked, then, answer = self._answers.get(question, (-math.inf, None, None))
            now, calls = time.monotonic(), self._calls(region, service)
            untouched = calls is not None and calls == then
            if now - asked > (_untouched_seconds(service) if untouched else fresh):
                if len(self._answers) > ANSWERS_KEPT:
                    self._answers.clear()
                answer = self._told(region, service, operation, arguments)
                self._answers[question] = (now, calls, answer)
            if isinstance(answer, ClientError):
                raise answer.with_traceback(None)
            return answer

    def _told(self, region: str, service: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        """The answer; that a resource does not exist is one too."""
        try:
            return self.tell(region, service, operation, **arguments)
        except ClientError as error:
            return error

    def _calls(self, region: str, service: str) -> int | None:
        """The last known number of others' calls of a service, None before the first."""
        if self._answered is None:
            return None
        return self._answered.get(self._client(region, service).meta.service_model.signing_name, 0)

    def tell(self, region: str, service: str, operation: str, **arguments: Any) -> Any:
        """Make a call, with all its pages. Raises what boto3 raises."""
        client = self._client(region, service)
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**arguments).build_full_result()
        return getattr(client, operation)(**arguments)

    def _client(self, region: str, service: str) -> Any:
        with self._making:
            if (region, service) not in self._clients:
                self._clients[region, service] = self._connected(region, service)
            return self._clients[region, service]

    def _connected(self, region: str, service: str) -> Any:
        connect: Callable[..., Any] = boto3.client
        client = connect(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
            config=Config(
                connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}
            ),
        )
        client.meta.events.register("before-send", _mark)
        return client


def _untouched_seconds(service: str) -> float:
    return BUCKETS_UNTOUCHED_SECONDS if service == "s3" else UNTOUCHED_SECONDS


def _mark(request: Any, **_: Any) -> None:
    request.headers[OBSERVER_HEADER] = "1"
