"""Calls that fail before AWS did anything, or after it was done: one operation of a region's service at a time."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws import asked, operations
from sandbox.aws.connections import dropped
from sandbox.aws.errors import AwsError, answer
from sandbox.aws.scope import GLOBAL_SERVICES, Scope

CUT = "cut"
"""In place of a code: the connection ends without an answer."""
COMMON = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InternalFailure": 500,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
}
"""Of the errors that every service may answer, with their HTTP status (AWS, "Common Errors")."""
OWN = {
    "ec2": {"InternalError": 500, "InsufficientInstanceCapacity": 500, "RequestLimitExceeded": 503, "Unavailable": 503},
    "s3": {"AccessDenied": 403, "InternalError": 500, "SlowDown": 503},
}
"""Errors that botocore's models lack (EC2 API, "Error codes"; S3 API, "Error responses")."""


class When(StrEnum):
    """Where a call fails."""

    BEFORE = "before"
    """AWS does nothing of it."""
    AFTER = "after"
    """AWS does it, and the caller is not told."""


@dataclass(kw_only=True)
class Fault:
    """How the calls of one operation fail: the next `times`, or all where that is None; `met` counts those that did.

    The SDKs of boto3 and of the provider send a call again that was cut off or answered with 5xx, two to 25 times as
    they are configured: each is a call here.
    """

    when: When
    code: str
    status: int
    times: int | None
    met: int = 0

    @property
    def is_over(self) -> bool:
        """Whether calls are answered again."""
        return self.times is not None and self.met >= self.times

    def shown(self) -> dict[str, object]:
        """The fault as the sandbox's path answers it."""
        return {"when": self.when, "code": self.code, "times": self.times, "met": self.met}


class Faults:
    """The faults by region, service and operation; those that are over are still listed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: dict[tuple[str, str, str], Fault] = {}

    def add(self, place: str, environ: WSGIEnvironment) -> object:
        """Have calls of REGION/SERVICE/OPERATION fail as the query says. Raises BadRequestError."""
        where = _place(place)
        when = When(asked.one_of("when", asked.query(environ, "when"), [*When]))
        code, times = (asked.query(environ, name) for name in ("code", "times"))
        codes = COMMON | OWN.get(where[1], {}) | operations.service(where[1]).errors(where[2]) | {CUT: 0}
        status = codes[asked.one_of("code", code, sorted(codes))]
        limit = asked.whole_number("times", times, "calls") if times else None
        with self.lock:
            self.faults[where] = Fault(when=when, code=code, status=status, times=limit)
        return self.shown()

    def remove(self, place: str) -> object:
        """Answer the calls of REGION/SERVICE/OPERATION again, or of all. Raises BadRequestError."""
        where = _place(place) if place else None
        with self.lock:
            if where:
                self.faults.pop(where, None)
            else:
                self.faults.clear()
        return self.shown()

    def shown(self) -> dict[str, dict[str, object]]:
        """Every fault, by its place."""
        with self.lock:
            return {"/".join(where): fault.shown() for where, fault in self.faults.items()}

    def met(self, scope: Scope, environ: WSGIEnvironment) -> Fault | None:
        """The fault that a call meets, counted; None where it is answered."""
        for (region, name, operation), fault in list(self.faults.items()):
            if fault.is_over or region != scope.region or operations.service(name).signed_as != scope.service:
                continue
            if operations.service(name).asked(environ) == operation:
                with self.lock:
                    if not fault.is_over:
                        fault.met += 1
                        return fault
        return None


def fail(
    fault: Fault, scope: Scope, application: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a call with its fault, once AWS has done what it asks for, or has not."""
    if fault.when is When.AFTER:
        # An answer that is kept for the same call again would tell the caller what it must not know.
        environ.pop("HTTP_AMZ_SDK_INVOCATION_ID", None)
        for _ in application(environ, _unheard):
            pass
    if fault.code == CUT:
        raise dropped()
    message = f"The sandbox has this call fail {fault.when} it is carried out"
    status = f"{fault.status} {HTTPStatus(fault.status).phrase}"
    return answer(environ, start_response, scope.service, AwsError(status, fault.code, message))


def _unheard(_status: str, _headers: list[tuple[str, str]], *_: Any) -> Any:
    return None


def _place(path: str) -> tuple[str, str, str]:
    """Region, service and operation, which all are AWS's."""
    region, _, rest = path.partition("/")
    name, _, operation = rest.partition("/")
    asked.region(region)
    asked.known(name, operations.services(), f"service {name!r}: boto3 has none of that name")
    there = operations.service(name)
    home = GLOBAL_SERVICES.get(there.signed_as, region)
    if home != region:
        raise asked.BadRequestError(f"region {region!r}: {name} is served in {home}")
    asked.known(operation, there.operations, f"operation {operation!r}: {name} has none of that name")
    return region, name, operation
