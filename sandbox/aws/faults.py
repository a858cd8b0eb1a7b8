"""Calls that fail before or after AWS has executed them, by operation of a region's service."""

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
"""In place of an error code: the connection is closed without an answer."""
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
    """When a call fails."""

    BEFORE = "before"
    """Before AWS executes it."""
    AFTER = "after"
    """After AWS has executed it, but the caller does not know."""


@dataclass(kw_only=True)
class Fault:
    """How the calls of one operation fail: the next `times`, or all if that is None; `met` counts those that failed.

    boto3 and the provider's SDK retry a call that was cut off or answered with 5xx, two to 25 times as configured: each
    attempt counts as a call here.
    """

    when: When
    code: str
    status: int
    times: int | None
    met: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the fault is over."""
        return self.times is not None and self.met >= self.times

    def shown(self) -> dict[str, object]:
        """The fault in the response of the sandbox's path."""
        return {"when": self.when, "code": self.code, "times": self.times, "met": self.met}


class Faults:
    """The faults by region, service and operation, including those that are over."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: dict[tuple[str, str, str], Fault] = {}

    def add(self, place: str, environ: WSGIEnvironment) -> object:
        """Make calls of REGION/SERVICE/OPERATION fail as in the query. Raises BadRequestError."""
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
        """Clear the fault of REGION/SERVICE/OPERATION, or all faults. Raises BadRequestError."""
        where = _place(place) if place else None
        with self.lock:
            if where:
                self.faults.pop(where, None)
            else:
                self.faults.clear()
        return self.shown()

    def shown(self) -> dict[str, dict[str, object]]:
        """Every fault, by its operation."""
        with self.lock:
            return {"/".join(where): fault.shown() for where, fault in self.faults.items()}

    def met(self, scope: Scope, environ: WSGIEnvironment) -> Fault | None:
        """The fault of a call, which is counted; None if there is none."""
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
    """Answer a call with its fault, after or instead of its execution."""
    if fault.when is When.AFTER:
        # A cached answer to the repeated call would reveal the result.
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
    """Region, service and operation, which must exist in AWS."""
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
