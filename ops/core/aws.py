"""AWS as operators ask it: every call bounded in time, so that a region that hangs fails in seconds."""

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
"""Names that AWS has for the token of the next page."""

CREDENTIALS = {
    *("AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "ExpiredTokenException"),
    *("InvalidClientTokenId", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"),
}
"""AWS, common errors of its services: who asks is not known, or may not."""
ENDED = re.compile(r"\b(ExpiredToken(Exception)?|RequestExpired)\b")
"""The same, of credentials that were good and have come to their end; EC2 has the last of the words for that."""
LOG_IN_AGAIN = "The AWS credentials have expired: log in again, then run the same command"
SILENT = (
    "`ops dr status` says which region does not answer; if it is the state backend's, `ops recover --backend-copy`; "
    "otherwise run the same command again"
)
LOG_IN = "log in, or set AWS_PROFILE to a profile with the permissions for this"

T = TypeVar("T")

_making = Lock()


def client(service: str, region: str) -> Any:
    """A boto3 client. It gives up on a region that hangs after about 20 s, on one that refuses at once."""
    return _client(service, region, READ_SECONDS, ATTEMPTS)


def errors() -> tuple[type[Exception], ...]:
    """What boto3 raises, for `except aws.errors()`: the SDK is loaded only where an error has come."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def absent(error: Any) -> bool:
    """Whether an AWS error says that something does not exist; each service has its own word for it."""
    code = str(error.response["Error"]["Code"])
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status == 404 or any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


def if_present(ask: Callable[[], T]) -> T | None:
    """The answer, None where AWS says that what is asked for does not exist."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if absent(error):
            return None
        raise


def rows(client: Any, operation: str, **asked: Any) -> Iterator[Any]:
    """The rows of every page that an operation lists, asked for as they are taken.

    Where botocore knows no pages, the answer has one list, and names the next page as the question takes it.
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
    """The identifiers of KMS keys whose tag `Name` is this one, but for AWS's own and those that are being deleted."""
    described = [kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in rows(kms, "list_keys")]
    ours = [key for key in described if key["KeyManager"] != "AWS" and key["KeyState"] not in GONE_KEYS]
    tag = {"TagKey": "Name", "TagValue": name}
    return [str(key["KeyId"]) for key in ours if tag in rows(kms, "list_resource_tags", KeyId=key["KeyId"])]


def reachable(region: str) -> bool:
    """Whether AWS answers in a region, asked once, for 3 s at most.

    Raises OpsError where the cause is on this machine, which says nothing of the region.
    """
    try:
        _client("sts", region, PROBE_SECONDS, 1).get_caller_identity()
    except errors() as error:
        if is_ours(error):
            raise OpsError(f"cannot call AWS: {one_line(error)}: {LOG_IN}") from None
        return not is_silence(error)
    return True


def is_ours(error: Exception) -> bool:
    """Whether an error of boto3 is of this machine: credentials, profile or proxy. Waiting ends none of it."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return str(error.response["Error"]["Code"]) in CREDENTIALS
    if isinstance(error, exceptions.ProxyConnectionError):
        return True
    return not isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)


def is_silence(error: Exception) -> bool:
    """Whether an error is that of a call which AWS did not answer, or with a failure of its own (5xx)."""
    return not is_ours(error) and _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500


def credentials_ended(error: Exception) -> bool:
    """Whether an error is AWS's answer to credentials that have ended."""
    return ENDED.fullmatch(str(_answer(error).get("Error", {}).get("Code", ""))) is not None


def _answer(error: Exception) -> dict[str, Any]:
    """What AWS answered: only an error of boto3 has a response, and one of a call without an answer none, or None."""
    return getattr(error, "response", None) or {}


def answered(ask: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """The answer; what `otherwise` makes of the reason where it cannot be had.

    Raises OpsError where credentials have ended: then no answer says anything of a region.
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
    # A session is not safe to share between threads while clients are made.
    with _making:
        return _session().client(service, region_name=region, config=bounds)


@lru_cache(maxsize=1)
def _session() -> Any:
    """One for all clients: each would find credentials anew, and ask for a code of its own where a profile wants MFA.

    A profile's role is assumed in the region of the state, without which no command works: the profile's own may be
    the region that is lost, and botocore asks there for minutes.
    """
    # Half a second to load: only what asks AWS pays it.
    import boto3

    from ops.core.objects import backend_region

    any_session: Any = boto3.session.Session(region_name=backend_region())
    return any_session
