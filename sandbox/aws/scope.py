"""The scope of a request: the region and service in its signature."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

SIGNATURE = re.compile(r"(?:Credential=)?([^/\s=]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")

# Services with one endpoint for the whole partition, and the region that holds it: losing another region does not touch
# them, whatever region a client with an explicit endpoint signs for. STS is not among them: every current SDK calls
# the regional endpoint, which is lost with its region.
GLOBAL_SERVICES = {
    "budgets": "us-east-1",
    "ce": "us-east-1",
    "cloudfront": "us-east-1",
    "globalaccelerator": "us-west-2",
    "iam": "us-east-1",
    "organizations": "us-east-1",
    "route53": "us-east-1",
    "route53domains": "us-east-1",
    "shield": "us-east-1",
    "support": "us-east-1",
}


@dataclass(frozen=True)
class Scope:
    """The region a request is served in, and the service that serves it."""

    region: str
    service: str


def signed_for(environ: WSGIEnvironment) -> Scope | None:
    """The scope that a request is signed for, in its header or in its address; None for an unsigned one."""
    signature = _signature(environ)
    return Scope(signature[2], signature[3]) if signature else None


def access_key(environ: WSGIEnvironment) -> str:
    """The access key that a request is signed with; empty for an unsigned one."""
    signature = _signature(environ)
    return signature[1] if signature else ""


def _signature(environ: WSGIEnvironment) -> re.Match[str] | None:
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return SIGNATURE.search(environ.get("HTTP_AUTHORIZATION") or query.get("X-Amz-Credential", [""])[0])


def served_in(environ: WSGIEnvironment, bucket_region: Callable[[str], str | None]) -> Scope | None:
    """The scope that serves a request: a bucket lives in one region, whatever region a request for it is signed for."""
    scope = signed_for(environ)
    if scope is None:
        return None
    region = GLOBAL_SERVICES.get(scope.service, scope.region)
    if scope.service == "s3":
        region = bucket_region(_bucket(environ)) or region
    return Scope(region, scope.service)


def _bucket(environ: WSGIEnvironment) -> str:
    """The bucket of an S3 request, by the first part of its path or of its host name."""
    host, _, rest = environ.get("HTTP_HOST", "").partition(".s3.")
    return host if rest else environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
