"""The answer "503 Service Unavailable" in each protocol that AWS speaks."""

import json
from wsgiref.types import WSGIEnvironment

from sandbox.aws.scope import Scope

CODE = "ServiceUnavailable"
XML_SERVICES = {"s3", "route53", "cloudfront"}


def service_unavailable(environ: WSGIEnvironment, scope: Scope) -> tuple[str, bytes]:
    """Content type and body of the error for a request."""
    message = f"{scope.service} in {scope.region} is blacked out"
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "application/cbor", _cbor({"__type": CODE, "message": message})
    error = f"<Error><Code>{CODE}</Code><Message>{message}</Message></Error>"
    if scope.service in XML_SERVICES:
        return "application/xml", error.encode()
    if scope.service == "ec2":
        return "text/xml", f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>".encode()
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return "text/xml", f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>".encode()
    return "application/x-amz-json-1.0", json.dumps({"__type": CODE, "message": message}).encode()


def _cbor(fields: dict[str, str]) -> bytes:
    """A map of short texts in CBOR (RFC 8949): a byte for the map, two before each text."""
    texts = [text.encode() for item in fields.items() for text in item]
    return bytes([0xA0 | len(fields)]) + b"".join(bytes([0x78, len(text)]) + text for text in texts)
