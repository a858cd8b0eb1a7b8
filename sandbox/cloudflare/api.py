"""Cloudflare's API as a WSGI application: authenticates a call, applies its fault, and answers it."""

import json
import threading
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox.aws.connections import Connections, dropped
from sandbox.cloudflare.answers import CursorPage, Envelope, Json, Page, RefusedError, success
from sandbox.cloudflare.calls import Call
from sandbox.cloudflare.faults import Fault, Faults, Mode
from sandbox.cloudflare.routes import Route, route
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import Tokens

PREFIX = "/client/v4"
GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)
DRIP_SECONDS = 0.05
"""Our choice, for tests: far below every time limit of a client, which starts again with each byte."""
LIMIT = "default;q=1200;w=300"
"""Cloudflare's documentation: 1,200 calls in five minutes, for each user."""


class Api:
    """Everything under /client/v4."""

    def __init__(self, store: Store, tokens: Tokens, faults: Faults, connections: Connections) -> None:
        self.store = store
        self.tokens = tokens
        self.faults = faults
        self.connections = connections
        self.turn = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PREFIX)
        body = environ["wsgi.input"].read()
        unknown: RefusedError | None = None
        found: tuple[Route, dict[str, str]] | None = None
        try:
            found = route(method, path)
        except RefusedError as refused:
            unknown = refused
        fault = self.faults.meet(method, path, found[0].template if found else path)
        if fault and fault.mode not in (Mode.IGNORE, Mode.SLOW):
            return self._fail(fault, environ, start_response)
        try:
            self.tokens.identify(environ.get("HTTP_AUTHORIZATION"), verifying=path.endswith("/tokens/verify"))
            if found is None:
                raise unknown or RefusedError(400, 7003, f"Could not route to {PREFIX}{path}")
            query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
            ignored = fault is not None and fault.mode is Mode.IGNORE
            answer = self._answer(found[0], found[1], query, body, ignored=ignored)
        except RefusedError as refused:
            return _respond(start_response, refused.status, refused.envelope())
        told = _respond(start_response, 204 if answer is None else 200, answer)
        return self._dripped(told, fault) if fault and fault.mode is Mode.SLOW else told

    def _answer(
        self, found: Route, path: dict[str, str], query: dict[str, str], body: bytes, *, ignored: bool
    ) -> Json | None:
        """The body of the answer to a call, None for one without. Raises RefusedError."""
        if "account_id" in path and path["account_id"] != self.store.account:
            raise RefusedError(403, 10000, "Authentication error")
        if "zone_id" in path and path["zone_id"] not in self.store.zones:
            raise RefusedError(400, 1001, "Invalid zone identifier")
        call = Call(
            store=self.store,
            tokens=self.tokens,
            method=found.method,
            path=path,
            query=query,
            body=_parsed(body) if found.method in ("POST", "PUT", "PATCH") else None,
        )
        if found.group:
            call.require(found.group)
        with self.turn:
            memory = self.store.memory() if ignored else None
            try:
                result = found.answer(call)
            finally:
                if memory:
                    self.store.remember(memory)
            if isinstance(result, Page | CursorPage):
                return result.envelope(query, found.per_page)
            if isinstance(result, Envelope):
                return result.body
            return None if result is None else success(result)

    def _dripped(self, body: Iterable[bytes], fault: Fault) -> Iterator[bytes]:
        """A byte at a time, until the fault is cleared."""
        for byte in b"".join(body):
            if fault in self.faults.faults:
                threading.Event().wait(DRIP_SECONDS)
            yield bytes([byte])

    def _fail(self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if fault.mode in (Mode.HANG, Mode.RESET):
            if fault.mode is Mode.HANG:
                self.connections.park(environ["sandbox.connection"])
                if fault not in self.faults.faults:
                    # It was cleared on the way here, after it had let go of all others.
                    self.connections.release()
            raise dropped()
        if fault.mode is Mode.BROKEN:
            page = GATEWAY_PAGE.encode()
            headers = [("Content-Type", "text/html"), ("Content-Length", str(len(page))), ("Server", "cloudflare")]
            start_response("502 Bad Gateway", headers)
            return [page]
        # The words: lablabs/cloudflare-exporter, issue 74.
        text = "More than 1200 requests per 300 seconds reached. Please wait and consider throttling your request speed"
        refused = RefusedError(429, 971, text)
        return _respond(start_response, 429, refused.envelope(), [("Retry-After", str(fault.retry_after))])


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body or b"null")
    except ValueError:
        raise RefusedError(400, 6007, "Malformed JSON in request body") from None


def _respond(
    start_response: StartResponse, status: int, answer: Json | None, more: Iterable[tuple[str, str]] = ()
) -> Iterable[bytes]:
    body = b"" if answer is None else json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Server", "cloudflare")]
    start_response(f"{status} {HTTPStatus(status).phrase}", [*headers, ("Ratelimit-Policy", LIMIT), *more])
    return [body] if body else []
