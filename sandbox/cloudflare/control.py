"""The sandbox's own paths on the emulated Cloudflare, under /_sandbox: health, faults, the token, and counts."""

import json
import secrets
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws.connections import Connections
from sandbox.cloudflare import faults
from sandbox.cloudflare.api import PREFIX as API_PREFIX
from sandbox.cloudflare.edge import Edge
from sandbox.cloudflare.faults import Faults
from sandbox.cloudflare.plans import PLANS
from sandbox.cloudflare.tokens import Tokens
from sandbox.own_paths import PREFIX, Routes, answered, found

STATUSES = ("active", "pending", "initializing", "moved")
"""Of a zone (Cloudflare's API reference)."""


class Control:
    """Answers the sandbox's own paths; the API answers its own, and the edge all others."""

    def __init__(
        self, api: WSGIApplication, edge: Edge, set_faults: Faults, tokens: Tokens, connections: Connections
    ) -> None:
        self.api = api
        self.edge = edge
        self.faults = set_faults
        self.tokens = tokens
        self.connections = connections
        # A restarted server has another one, and has lost its state.
        self.instance = secrets.token_hex(8)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == API_PREFIX or path.startswith(f"{API_PREFIX}/"):
            return self.api(environ, start_response)
        if not path.startswith(PREFIX):
            return self.edge(environ, start_response)
        method, noun, body = environ["REQUEST_METHOD"], path.removeprefix(PREFIX), environ["wsgi.input"].read()
        return answered(lambda: self._answer(method, noun, body), start_response)

    def _answer(self, method: str, noun: str, body: bytes) -> object:
        """The answer to one request; raises ValueError, or LookupError for an unknown path or method."""
        routes: Routes = {
            ("GET", "health"): lambda: {"status": "ok", "instance": self.instance},
            ("GET", "calls"): self.faults.count,
            ("DELETE", "calls"): self.faults.forget,
            ("GET", "faults"): self.faults.report,
            ("PUT", "faults"): lambda: self._set_faults(faults.read(_parsed(body))),
            ("DELETE", "faults"): lambda: self._set_faults([]),
            ("GET", "token"): self.tokens.describe,
            ("PUT", "token"): lambda: self.tokens.change(_parsed(body)),
            ("PUT", "zone"): lambda: self._set_zone(_parsed(body)),
            ("POST", "logins"): lambda: self._log_in(_parsed(body)),
            ("GET", "rules"): lambda: {"left_out": sorted(self.edge.left_out)},
        }
        return found(routes, method, noun, noun)

    def _log_in(self, given: dict[str, object]) -> object:
        """Logs somebody in through Access: `{"host": "admin.example.com", "email": "a@example.com"}`."""
        return {"token": self.edge.logins.log_in(str(given.get("host")), str(given.get("email")))}

    def _set_zone(self, wanted: dict[str, object]) -> object:
        """Changes plan or status of the zones: `{"plan": "free", "status": "pending"}`. Raises ValueError."""
        store = self.edge.store
        plan, status = str(wanted.get("plan", store.plan)), str(wanted.get("status", store.status))
        for name, value, allowed in (("plan", plan, tuple(PLANS)), ("status", status, STATUSES)):
            if value not in allowed:
                raise ValueError(f"{name} {value!r}: want one of {', '.join(allowed)}")
        store.plan, store.status = plan, status
        return {"plan": plan, "status": status}

    def _set_faults(self, wanted: list[faults.Fault]) -> object:
        """Set faults; calls that earlier faults left hanging are released, and may be retried."""
        report = self.faults.set(wanted)
        self.connections.release()
        return report


def _parsed(body: bytes) -> dict[str, object]:
    try:
        return json.loads(body)
    except ValueError:
        raise ValueError("the body is not JSON") from None
