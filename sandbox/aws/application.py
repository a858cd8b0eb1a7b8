"""moto as one WSGI application: its settings, the fixes, and one request at a time."""

import io
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws.errors import AwsError, answer
from sandbox.aws.price_list import PriceList
from sandbox.aws.scope import signed_for

SETTINGS = {
    # The default makes a certificate wait 60 s for a validation that nothing performs.
    "MOTO_ACM_VALIDATION_WAIT": "1",
    # Roles attach AWS's own policies by their ARN.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}
LONG_POLL = "AmazonSQS.ReceiveMessage"
ANSWERS_KEPT = 512
log = logging.getLogger("sandbox.aws")


class OneAtATime:
    """Passes one request at a time to an application that is not thread-safe.

    moto iterates over dictionaries while other requests change them, and Python's own lock makes concurrency useless
    here anyway. The exception is a request that waits for a message, because all others would wait for it.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.turn = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The body is read first, so that a slow sender does not block others.
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        if environ.get("HTTP_X_AMZ_TARGET") == LONG_POLL:
            return self.application(environ, start_response)
        with self.turn:
            return self.application(environ, start_response)


class AnswerAgain:
    """Gives a repeated call its first answer.

    AWS's SDK for Go closes a connection if the answer arrives before it has finished its request, which can happen on
    the same machine (`safeWriteToReadCloser` in smithy-go). It then sends the call again, with the same invocation ID;
    moto would refuse to create what it has just created.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.answers: OrderedDict[str, tuple[str, list[tuple[str, str]], list[bytes]]] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        if invocation in self.answers:
            status, headers, body = self.answers[invocation]
            start_response(status, headers)
            return body
        sent: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            sent.append((status, headers))
            return start_response(status, headers, *rest)

        body = list(self.application(environ, note))
        if invocation and sent and sent[-1][0].startswith("2"):
            self.answers[invocation] = (*sent[-1], body)
            if len(self.answers) > ANSWERS_KEPT:
                self.answers.popitem(last=False)
        return body


class SayWhatFails:
    """Answers 501 if moto does not know an operation, and 500 if it fails.

    moto's own 500 has no details, and clients retry it, for minutes if configured so. An error that reaches the server
    closes the connection, and the client's next call on it fails.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self.application(environ, start_response)
        except NotImplementedError as missing:
            error = AwsError("501 Not Implemented", "NotImplemented", f"The emulated AWS lacks this: {missing}")
        except Exception as problem:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            message = f"The emulated AWS failed, and its log says where: {type(problem).__name__}: {problem}"
            error = AwsError("500 Internal Server Error", "InternalFailure", message)
        scope = signed_for(environ)
        return answer(environ, start_response, scope.service if scope else "s3", error)


def moto_application(account: str) -> WSGIApplication:
    """moto's server application with the fixes applied, for keys that all belong to one account."""
    # moto reads the environment while it is imported.
    os.environ.update({**SETTINGS, "MOTO_ACCOUNT_ID": account})
    from moto.server import DomainDispatcherApplication, create_backend_app

    from sandbox.aws import fixes

    def create(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("the whole service")
        return create_backend_app(service)

    fixes.apply()
    return SayWhatFails(PriceList(OneAtATime(AnswerAgain(DomainDispatcherApplication(create)))))


def bucket_region(name: str) -> str | None:
    """The region of a bucket, or None if it does not exist."""
    from moto.backends import get_backend

    bucket = get_backend("s3")[os.environ["MOTO_ACCOUNT_ID"]]["aws"].buckets.get(name)
    return bucket.region_name if bucket else None


def session_keys() -> list[str]:
    """The access keys that the emulated STS has issued for roles."""
    from moto.sts.models import sts_backends

    backends = [backend for partitions in sts_backends.values() for backend in partitions.values()]
    return [role.access_key_id for backend in backends for role in backend.assumed_roles]
