"""Calls to AWS: each is bounded in time, so that a call to a hanging region fails within seconds."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from ops.errors import OpsError, one_line

CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 2
PROBE_SECONDS = 3
GONE_KEYS = ("PendingDeletion", "PendingReplicaDeletion")
"""States of a KMS key that is being deleted."""
TOKENS = ("NextMarker", "NextToken", "nextToken")
"""AWS's names for the token of the next page."""

CREDENTIALS = {
    *("AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "ExpiredTokenException"),
    *("InvalidClientTokenId", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"),
}
"""AWS, "Common errors": unknown or unauthorized credentials."""
ENDED = re.compile(r"\b(ExpiredToken(Exception)?|RequestExpired)\b")
"""The same, for expired credentials; the last one is EC2's."""
LOG_IN_AGAIN = "The AWS credentials have expired: log in again, then run the same command"
SILENT = (
    "`ops dr status` says which region does not answer; if it is the state backend's, `ops recover --backend-copy`; "
    "otherwise run the same command again"
)
LOG_IN = "log in, or set AWS_PROFILE to a profile with the permissions for this"

T = TypeVar("T")

_making = Lock()


def client(service: str, region: str) -> Any:
    """A boto3 client. It gives up after about 20 s if the region hangs, and immediately if it refuses."""
    return _client(service, region, READ_SECONDS, ATTEMPTS)


def errors() -> tuple[type[Exception], ...]:
    """The exceptions of boto3, for `except aws.errors()`: the SDK is loaded only if an error occurred."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def absent(error: Any) -> bool:
    """Whether an AWS error means that something does not exist; each service has its own code for it."""
    code = str(error.response["Error"]["Code"])
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status == 404 or any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


def if_present(ask: Callable[[], T]) -> T | None:
    """The answer, None if AWS says that the resource does not exist."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if absent(error):
            return None
        raise


def rows(client: Any, operation: str, **asked: Any) -> Iterator[Any]:
    """The rows of every page of a list operation, requested lazily.

    If botocore has no paginator, the answer has one list, and its token has the name of the request's parameter.
    """
    if client.can_paginate(operation):
        paginator = client.get_paginator(operation)
        for page in paginator.paginate(**asked):
            yield from paginator.result_keys[0].search(page) or ()
        return
    page = getattr(client, operation)(**asked)
    yield from (row for part in page.values() if isinstance(part, list) for row in part)
    for token in TOKENS:
        if page.get(token):
            yield from rows(client, operation, **asked | {token: page[token]})


def living_keys(kms: Any, name: str) -> list[str]:
    """The identifiers of KMS keys with this tag `Name`, except AWS's own keys and keys that are being deleted."""
    described = [kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in rows(kms, "list_keys")]
    ours = [key for key in described if key["KeyManager"] != "AWS" and key["KeyState"] not in GONE_KEYS]
    tag = {"TagKey": "Name", "TagValue": name}
    return [str(key["KeyId"]) for key in ours if tag in rows(kms, "list_resource_tags", KeyId=key["KeyId"])]


def reachable(region: str) -> bool:
    """Whether AWS answers in a region, checked once, for at most 3 s.

    Raises OpsError if the cause is on this machine, which shows nothing about the region.
    """
    try:
        _client("sts", region, PROBE_SECONDS, 1).get_caller_identity()
    except errors() as error:
        if is_ours(error):
            raise OpsError(f"cannot call AWS: {one_line(error)}: {LOG_IN}") from None
        return not is_silence(error)
    return True


def is_ours(error: Exception) -> bool:
    """Whether the cause of a boto3 error is on this machine: credentials, profile or proxy. Waiting does not help."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return str(error.response["Error"]["Code"]) in CREDENTIALS
    if isinstance(error, exceptions.ProxyConnectionError):
        return True
    return not isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)


def is_silence(error: Exception) -> bool:
    """Whether AWS did not answer a call, or answered with a server error (5xx)."""
    return not is_ours(error) and _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500


def credentials_ended(error: Exception) -> bool:
    """Whether an error is AWS's answer to expired credentials."""
    return ENDED.fullmatch(str(_answer(error).get("Error", {}).get("Code", ""))) is not None


def _answer(error: Exception) -> dict[str, Any]:
    """AWS's answer in an error: empty for other exceptions and for calls without an answer."""
    return getattr(error, "response", None) or {}


def answered(ask: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """The answer, or `otherwise` of the reason if there is none.

    Raises OpsError if credentials have expired: then no answer shows anything about a region.
    """
    try:
        return ask()
    except (*errors(), OpsError) as error:
        if credentials_ended(error):
            raise OpsError(LOG_IN_AGAIN) from None
        return otherwise(one_line(error))


@lru_cache(maxsize=64)
def _client(service: str, region: str, read_seconds: int, attempts: int) -> Any:
    from botocore.config import Config

    bounds = Config(
        connect_timeout=min(CONNECT_SECONDS, read_seconds),
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        user_agent_extra="askproai-ops",
    )
    # Threads cannot share a session while clients are created.
    with _making:
        return _session().client(service, region_name=region, config=bounds)


@lru_cache(maxsize=1)
def _session() -> Any:
    """One session for all clients: otherwise each would search credentials again, and ask for its own MFA code.

    A profile's role is assumed in the state's region, without which no command works: the profile's own region may be
    lost, and botocore would try there for minutes.
    """
    # It takes half a second to load, so it is loaded only for calls to AWS.
    import boto3

    from ops.core.objects import backend_region

    any_session: Any = boto3.session.Session(region_name=backend_region())
    return any_session
