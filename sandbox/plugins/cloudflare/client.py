"""Calls of Cloudflare's API, with the retries of cloudflare-go, and without a time limit for an answer."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BASE_URL = "https://api.cloudflare.com/client/v4"

# cloudflare-go 7.7, which Cloudflare's Terraform provider 5.22 is built on (internal/requestconfig/requestconfig.go):
# no time limit for an answer, and every Retry-After is obeyed, however long.
RETRIES = 10
FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 30.0
RETRIED = {408, 409, 429}


class ApiError(Exception):
    """A call that failed permanently: the call, and Cloudflare's codes and messages. `status` is 0 without a
    response."""

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"{call}: {text}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """One answer of the API; `retry_after` is None if it is not set."""

    status: int
    reason: str
    body: bytes
    retry_after: float | None

    def result(self) -> Any:
        """The result. Raises ValueError if the answer has none."""
        if not self.body:
            return None
        envelope = json.loads(self.body)
        if not isinstance(envelope, dict) or not envelope.get("success"):
            raise ValueError("the answer says that it is none")
        return envelope.get("result")

    def problem(self) -> str:
        """Cloudflare's codes and messages, or the status if there are none."""
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
    """Calls the API at `base` with a token, for any number of threads at once. `sleep` waits for seconds."""

    def __init__(self, base: str, token: str, agent: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.base = urlsplit(base)
        self.token = token
        self.agent = agent
        self.sleep = sleep

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The result of a call. Raises ApiError."""
        called = f"{method} {path}"
        for attempt in range(RETRIES + 1):
            last = attempt == RETRIES
            wait = _delay(attempt)
            try:
                answer = self._once(method, path, body)
            except OSError as problem:
                if last:
                    text = (
                        f"no answer from {self.base.netloc}, {RETRIES + 1} times: {problem or type(problem).__name__}"
                    )
                    raise ApiError(called, 0, text) from None
            else:
                if last or (answer.status not in RETRIED and answer.status < 500):
                    return _result(called, answer, attempt)
                wait = wait if answer.retry_after is None else answer.retry_after
            self.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, path: str, body: Any) -> Answer:
        # Imported with the first call: a preview makes none, and need not wait for it.
        import http.client

        connect = http.client.HTTPConnection if self.base.scheme == "http" else http.client.HTTPSConnection
        connection = connect(self.base.hostname or "", self.base.port)
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
    """Seconds before the next attempt: doubled each time, minus up to a quarter as jitter."""
    return min(FIRST_DELAY_SECONDS * 2**attempt, LONGEST_DELAY_SECONDS) * (1 - 0.25 * random.random())


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
