"""Calls of Cloudflare's API: a bounded number of attempts, and all calls wait when Cloudflare asks one of them to."""

import json
import random
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BASE_URL = "https://api.cloudflare.com/client/v4"

# As Cloudflare's SDKs do, which its Terraform provider is built on (`cloudflare/_constants.py`).
RETRIES = 2
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 8.0
LONGEST_RETRY_AFTER_SECONDS = 60.0
RETRIED = {408, 409, 429}

# Ours: the SDKs wait a minute for an answer, three times over.
ANSWER_SECONDS = 15.0


class ApiError(Exception):
    """A call that failed for good: what was called, and Cloudflare's codes and messages. `status` is 0 without any."""

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"{call}: {text}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """One answer of the API; `retry_after` is None where it does not say."""

    status: int
    reason: str
    body: bytes
    retry_after: float | None

    def result(self) -> Any:
        """What was asked for. Raises ValueError when there is nothing of the kind in it."""
        if not self.body:
            return None
        envelope = json.loads(self.body)
        if not isinstance(envelope, dict) or not envelope.get("success"):
            raise ValueError("the answer says that it is none")
        return envelope.get("result")

    def problem(self) -> str:
        """Cloudflare's codes and messages, or the status where there are none."""
        errors: list[str] = []
        try:
            for error in json.loads(self.body)["errors"]:
                pointer = (error.get("source") or {}).get("pointer")
                errors.append(f"{error['message']} ({error['code']}){f' at {pointer}' if pointer else ''}")
                errors += [f"{inner['message']} ({inner['code']})" for inner in error.get("error_chain") or ()]
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        return f"{self.status} {self.reason}{': ' if errors else ''}{'; '.join(errors)}"


class Client:
    """Calls the API at `base` with a token, for any number of threads at once."""

    def __init__(self, base: str, token: str, agent: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.base = urlsplit(base)
        self.token = token
        self.agent = agent
        self.answer_seconds = answer_seconds
        self.lock = threading.Lock()
        # A limit is that of the token, so whoever meets it makes all others wait too.
        self.closed_until = 0.0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The result of a call. Raises ApiError."""
        called = f"{method} {path}"
        for attempt in range(RETRIES + 1):
            self._wait_for_the_limit()
            last = attempt == RETRIES
            try:
                answer = self._once(method, path, body)
            except OSError as problem:
                if last:
                    text = (
                        f"no answer from {self.base.netloc}, {RETRIES + 1} times: {problem or type(problem).__name__}"
                    )
                    raise ApiError(called, 0, text) from None
                time.sleep(_delay(attempt))
                continue
            if last or not self._again(answer, attempt):
                return _result(called, answer, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _again(self, answer: Answer, attempt: int) -> bool:
        """Whether to call again, after the wait for it."""
        if answer.status not in RETRIED and answer.status < 500:
            return False
        if answer.status == 429 and answer.retry_after is not None:
            if answer.retry_after > LONGEST_RETRY_AFTER_SECONDS:
                return False
            with self.lock:
                self.closed_until = max(self.closed_until, time.monotonic() + answer.retry_after)
            return True
        time.sleep(_delay(attempt))
        return True

    def _wait_for_the_limit(self) -> None:
        while (left := self.closed_until - time.monotonic()) > 0:
            time.sleep(left)

    def _once(self, method: str, path: str, body: Any) -> Answer:
        # Imported with the first call: a preview makes none, and should not wait for it.
        import http.client

        connect = http.client.HTTPConnection if self.base.scheme == "http" else http.client.HTTPSConnection
        connection = connect(self.base.hostname or "", self.base.port, timeout=self.answer_seconds)
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": self.agent, "Accept": "application/json"}
        content = None if body is None else json.dumps(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, f"{self.base.path.rstrip('/')}{path}", body=content, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.reason, answer.read(), _seconds(answer.getheader("Retry-After")))
        except http.client.HTTPException as problem:
            raise OSError(f"{type(problem).__name__}: {problem}") from None
        finally:
            connection.close()


def _result(called: str, answer: Answer, attempt: int) -> Any:
    tries = f" after {attempt + 1} tries" if attempt else ""
    if answer.status >= 400:
        wait = f"; it asks to wait {answer.retry_after:.0f} s" if answer.retry_after else ""
        raise ApiError(called, answer.status, f"{answer.problem()}{wait}{tries}")
    try:
        return answer.result()
    except ValueError:
        raise ApiError(called, answer.status, f"{answer.problem()}, which is no result of the API{tries}") from None


def _delay(attempt: int) -> float:
    """Seconds before the next try: twice as long each time, less up to a quarter so that not all come at once."""
    return min(FIRST_DELAY_SECONDS * 2**attempt, LONGEST_DELAY_SECONDS) * (1 - 0.25 * random.random())


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
