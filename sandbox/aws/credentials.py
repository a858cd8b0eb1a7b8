"""Credentials of assumed roles that have come to their end: AWS answers that, until others are taken."""

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
    """`issued` tells the access keys that AssumeRole has given so far; those of users never end."""

    def __init__(self, issued: Callable[[], Iterable[str]]) -> None:
        self.issued = issued
        self.ended: set[str] = set()

    def expire(self) -> dict[str, int]:
        """Have all credentials end that were given so far; how many have."""
        self.ended |= set(self.issued())
        return {"expired": len(self.ended)}

    def problem(self, scope: Scope, environ: WSGIEnvironment) -> AwsError | None:
        """What AWS answers to a call that is signed with credentials that have ended; None for others."""
        if access_key(environ) not in self.ended:
            return None
        form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
        return OWN.get(scope.service) or (PLAIN if form else JSON)
