"""Expired credentials of assumed roles: AWS refuses them until the role is assumed again."""

from collections.abc import Callable, Iterable
from wsgiref.types import WSGIEnvironment

from sandbox.aws.errors import AwsError
from sandbox.aws.scope import Scope, access_key

PLAIN = AwsError("403 Forbidden", "ExpiredToken", "The security token included in the request is expired")
"""AWS's services of the query protocol."""
OWN = {
    "ec2": AwsError("400 Bad Request", "RequestExpired", "Request has expired."),
    "s3": AwsError("400 Bad Request", "ExpiredToken", "The provided token has expired."),
}
"""EC2 API and S3 API, their lists of error codes."""
JSON = AwsError("403 Forbidden", "ExpiredTokenException", PLAIN.message)
"""AWS, "Common Errors"."""


class Credentials:
    """`issued` returns the access keys that AssumeRole has issued so far; those of users never expire."""

    def __init__(self, issued: Callable[[], Iterable[str]]) -> None:
        self.issued = issued
        self.ended: set[str] = set()

    def expire(self) -> dict[str, int]:
        """Expire all credentials that were issued so far. Returns their number."""
        self.ended |= set(self.issued())
        return {"expired": len(self.ended)}

    def problem(self, scope: Scope, environ: WSGIEnvironment) -> AwsError | None:
        """AWS's answer to a call that is signed with expired credentials; None for others."""
        if access_key(environ) not in self.ended:
            return None
        form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
        return OWN.get(scope.service) or (PLAIN if form else JSON)
