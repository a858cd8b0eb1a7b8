"""A gate in front of the emulated AWS: it can take regions away, make single calls fail, and counts the calls to
each."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws.connections import Connections, dropped
from sandbox.aws.credentials import Credentials
from sandbox.aws.errors import AwsError, answer
from sandbox.aws.faults import Faults, fail
from sandbox.aws.scope import Scope, served_in

OBSERVER = "HTTP_X_SANDBOX_OBSERVER"
"""The header of the sandbox's own calls, which observe the platform from outside and do not count."""


class Mode(StrEnum):
    """How a lost region behaves for its callers."""

    REFUSE = "refuse"
    """The connection is dropped without an answer."""
    HANG = "hang"
    """The request is accepted and never answered."""
    ERROR = "error"
    """The answer is 503, in the shape of the service's protocol."""


class Gate:
    """WSGI middleware between the callers and all regions."""

    def __init__(
        self,
        application: WSGIApplication,
        connections: Connections,
        bucket_region: Callable[[str], str | None],
        credentials: Credentials,
    ) -> None:
        self.application = application
        self.connections = connections
        self.bucket_region = bucket_region
        self.credentials = credentials
        self.lock = threading.Lock()
        self.blackouts: dict[str, Mode] = {}
        self.faults = Faults()
        self.calls: Counter[Scope] = Counter()
        self.blocked: Counter[Scope] = Counter()
        self.answered: Counter[str] = Counter()

    def black_out(self, place: str, mode: Mode) -> None:
        """Take a region away, or one of its services: `REGION/rds`.

        Calls that an earlier mode left hanging are released, and get the new mode.
        """
        with self.lock:
            self.blackouts[place] = mode
        self.connections.release()

    def restore(self, place: str) -> None:
        """Restore a region, or its service, with all its state."""
        with self.lock:
            self.blackouts.pop(place, None)
        self.connections.release()

    def report(self) -> dict[str, dict[str, dict[str, int]]]:
        """Calls since the last reset, by region and service: all of them, and those that a black-out blocked."""
        with self.lock:
            report: dict[str, dict[str, dict[str, int]]] = {}
            for scope, count in sorted(self.calls.items(), key=lambda item: (item[0].region, item[0].service)):
                counts = {"all": count, "blocked": self.blocked[scope]}
                report.setdefault(scope.region, {})[scope.service] = counts
            return report

    def forget_calls(self) -> dict[str, dict[str, dict[str, int]]]:
        """Reset the count. Returns the last report."""
        report = self.report()
        with self.lock:
            self.calls.clear()
            self.blocked.clear()
        return report

    def pulse(self) -> dict[str, object]:
        """The lost regions, and the calls answered so far, by service: if there are no more, nothing has changed."""
        with self.lock:
            return {"lost": list(self.blackouts), "answered": dict(self.answered)}

    def _admit(self, scope: Scope) -> Mode | None:
        """Count a call. Returns the mode of its region, or None if that is up."""
        with self.lock:
            mode = self._met(scope)
            self.calls[scope] += 1
            if mode:
                self.blocked[scope] += 1
            return mode

    def _met(self, scope: Scope) -> Mode | None:
        return self.blackouts.get(scope.region) or self.blackouts.get(f"{scope.region}/{scope.service}")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scope = None if OBSERVER in environ else served_in(environ, self.bucket_region)
        mode = self._admit(scope) if scope else None
        if scope is None or mode is None:
            return self._answer(scope, environ, start_response)
        if mode is Mode.ERROR:
            message = f"{scope.service} in {scope.region} is blacked out"
            error = AwsError("503 Service Unavailable", "ServiceUnavailable", message)
            return answer(environ, start_response, scope.service, error)
        if mode is Mode.HANG:
            self.connections.park(environ["sandbox.connection"])
            if self._met(scope) is not mode:
                # The mode has changed meanwhile, after all other calls were released.
                self.connections.release()
        raise dropped()

    def _answer(self, scope: Scope | None, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let a call through, and count it once it is complete."""
        if scope and (ended := self.credentials.problem(scope, environ)):
            return answer(environ, start_response, scope.service, ended)
        fault = self.faults.met(scope, environ) if scope else None
        try:
            if scope and fault:
                return fail(fault, scope, self.application, environ, start_response)
            return self.application(environ, start_response)
        finally:
            if scope:
                with self.lock:
                    self.answered[scope.service] += 1
