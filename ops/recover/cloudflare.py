"""Cloudflare's API as finders and bootstrap ask it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from ops.errors import OpsError

ROWS_A_PAGE = 50
SECONDS = 10.0
RETRIES = 3


class EdgeApi:
    """Asks with the edge's own token. `secret` reads a secret of the edge's stack, and is called when it is needed."""

    def __init__(self, secret: Callable[[str], str]) -> None:
        self.secret = secret

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All rows of a list. Raises OpsError when the API gives none."""
        from cloudflare import APIError

        found: list[dict[str, Any]] = []
        page = 1
        try:
            while True:
                answer = self._api.get(
                    path, cast_to=object, options={"params": {**query, "page": page, "per_page": ROWS_A_PAGE}}
                )
                found += answer["result"] or []
                if page >= int((answer.get("result_info") or {}).get("total_pages", 1)):
                    return found
                page += 1
        except APIError as error:
            raise OpsError(f"Cloudflare's API does not list {path}: {' '.join(str(error).split())[:200]}") from None

    def asked(self, path: str) -> tuple[int, Any]:
        """The status of an answer, and the answer; a refusal is an answer. Raises OpsError where none comes."""
        from cloudflare import APIConnectionError, APIStatusError

        try:
            return 200, self._api.get(path, cast_to=object)
        except APIStatusError as error:
            return error.status_code, error.body
        except APIConnectionError as error:
            raise OpsError(f"Cloudflare's API does not answer: {error}") from None

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Make something. Raises OpsError with what the API says against it."""
        from cloudflare import APIError

        try:
            self._api.post(path, cast_to=object, body=dict(body))
        except APIError as error:
            raise OpsError(f"Cloudflare's API refuses {path}: {' '.join(str(error).split())[:300]}") from None

    @cached_property
    def _api(self) -> Any:
        from cloudflare import Cloudflare

        return Cloudflare(api_token=self.secret("cloudflare_api_token"), timeout=SECONDS, max_retries=RETRIES)
