"""Errors in each protocol that AWS speaks."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIEnvironment

XML_SERVICES = {"s3", "route53", "cloudfront"}


@dataclass(frozen=True)
class AwsError:
    """An HTTP status, with the error's code and message."""

    status: str
    code: str
    message: str


def answer(environ: WSGIEnvironment, start_response: StartResponse, service: str, error: AwsError) -> Iterable[bytes]:
    """Answer a request for `service` with an error."""
    content_type, body = _body(environ, service, error)
    start_response(error.status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]


def _body(environ: WSGIEnvironment, service: str, error: AwsError) -> tuple[str, bytes]:
    fields = {"__type": error.code, "message": error.message}
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "application/cbor", _cbor(fields)
    element = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
    if service in XML_SERVICES:
        return "application/xml", element.encode()
    if service == "ec2":
        return "text/xml", f"<Response><Errors>{element}</Errors><RequestID>0</RequestID></Response>".encode()
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return "text/xml", f"<ErrorResponse>{element}<RequestId>0</RequestId></ErrorResponse>".encode()
    return "application/x-amz-json-1.0", json.dumps(fields).encode()


def _cbor(fields: dict[str, str]) -> bytes:
    """A map of short texts in CBOR (RFC 8949): a byte for the map, two before each text."""
    texts = [text.encode() for item in fields.items() for text in item]
    return bytes([0xA0 | len(fields)]) + b"".join(bytes([0x78, len(text)]) + text for text in texts)
