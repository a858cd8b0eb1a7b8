"""Calls to Cloudflare's API: bounded in time and attempts, with the pauses that the API requests."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from ops.core.interruption import bounded
from ops.errors import OpsError, one_line

BASE_URL = "https://api.cloudflare.com/client/v4"
BASE_URL_VARIABLE = "CLOUDFLARE_BASE_URL"
TOKEN = "cloudflare_api_token"
TOKEN_VARIABLE = "CLOUDFLARE_API_TOKEN"
ROWS_A_PAGE = 50
SECONDS = 10.0
QUICK_SECONDS = 3.0
MOST_RETRIES = 3
MOST_SAID = 300
RETRIES = urllib3.Retry(
    total=MOST_RETRIES,
    allowed_methods=None,
    status_forcelist={408, 409, 429, *range(500, 600)},
    backoff_factor=0.5,
    retry_after_max=60,
    raise_on_status=False,
)
"""As in Cloudflare's own SDK (`cloudflare/_base_client.py`), which takes half a second to load: a flip has five."""
QUICK_PAUSE_SECONDS = 2
QUICK_RETRIES = RETRIES.new(total=1, retry_after_max=QUICK_PAUSE_SECONDS)
"""For a flip, which ends within a minute whatever Cloudflare does: two attempts."""
QUICK_CALL_SECONDS = 2 * QUICK_SECONDS + QUICK_PAUSE_SECONDS
CALL_SECONDS = (MOST_RETRIES + 1) * SECONDS + MOST_RETRIES * 60
"""For a call with all its attempts and pauses: the limits above start again with every byte that arrives."""


class EdgeApi:
    """Uses the edge's own token. `secret` reads a secret of the edge's stack, only when it is needed.

    `quick` limits each call to 8 s in all.
    """

    def __init__(self, secret: Callable[[str], str], *, quick: bool = False) -> None:
        self.secret = secret
        self._seconds = QUICK_CALL_SECONDS if quick else CALL_SECONDS
        self._limits: dict[str, Any] = {
            "timeout": urllib3.Timeout(total=QUICK_SECONDS if quick else SECONDS),
            "retries": QUICK_RETRIES if quick else RETRIES,
        }

    def rows(self, path: str, *, a_page: int = ROWS_A_PAGE, **query: str) -> list[dict[str, Any]]:
        """All rows of a list. Raises OpsError if the API returns none.

        Some lists do not report the number of pages, but of rows (cloudflare-go, `DoneCount`).
        """
        found: list[dict[str, Any]] = []
        page, more = 1, True
        while more:
            answer = _given(path, *self._call("GET", path, fields={**query, "page": page, "per_page": a_page}))
            found += answer["result"] or []
            rows = (answer.get("result_info") or {}).get("total_count", 0)
            page, more = page + 1, bool(answer["result"]) and len(found) < rows
        return found

    def one(self, path: str) -> Any:
        """The object at a path. Raises OpsError if the API does not return it."""
        return _given(path, *self._call("GET", path))["result"]

    def one_or_none(self, path: str) -> Any:
        """The object at a path, None if it does not exist. Raises OpsError if the API does not answer."""
        status, answer = self._call("GET", path)
        return None if status == HTTPStatus.NOT_FOUND else _given(path, status, answer)["result"]

    def asked(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status and body of a response, also of a refusal. Raises OpsError without a response."""
        return self._call("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Create an object. Raises OpsError with the API's reason."""
        _given(path, *self._call("POST", path, json=dict(body)))

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Replace an object. Raises OpsError with the API's reason."""
        _given(path, *self._call("PUT", path, json=dict(body)))

    def delete(self, path: str) -> None:
        """Delete an object. Raises OpsError with the API's reason."""
        _given(path, *self._call("DELETE", path))

    def _call(self, method: str, path: str, **content: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token}", "User-Agent": "askproai-ops"}
        ask = partial(self._pool.request, method, f"{self._base}{path}", headers=headers, **self._limits, **content)
        try:
            answer = bounded(ask, self._seconds)
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            raise OpsError(f"Cloudflare's API does not answer {path}: {one_line(error)[:MOST_SAID]}") from None
        with suppress(ValueError):
            content = json.loads(answer.data)
            if isinstance(content, dict):
                return answer.status, content
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise OpsError(f"{self._base} does not answer like Cloudflare's API: is {BASE_URL_VARIABLE} correct?")
        return answer.status, {}

    @cached_property
    def _token(self) -> str:
        return self.secret(TOKEN)

    @cached_property
    def _base(self) -> str:
        return os.environ.get(BASE_URL_VARIABLE, BASE_URL)

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        base = urlsplit(self._base)
        proxy = None if proxy_bypass(base.netloc) else getproxies().get(base.scheme)
        return urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()


def _given(path: str, status: int, answer: dict[str, Any]) -> dict[str, Any]:
    """The response, if it is a success. Raises OpsError with the status and the API's reason."""
    if answer.get("success"):
        return answer
    errors = "; ".join(f"{error.get('message')} ({error.get('code')})" for error in answer.get("errors") or ())
    raise OpsError(
        f"Cloudflare's API answers {path} with {status}{': ' if errors else ''}{one_line(errors)[:MOST_SAID]}"
    )
