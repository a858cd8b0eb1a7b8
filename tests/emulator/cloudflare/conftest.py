"""An emulated Cloudflare in this process, emptied for each test, and an origin that returns its requests."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from cheroot import wsgi
from cloudflare import Cloudflare
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from sandbox.aws.connections import dropped
from sandbox.cloudflare.server import Application, build
from sandbox.cloudflare.store import Store
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, TOKEN, ZONE, Emulated
from tests.emulator.cloudflare.engine import configured
from tests.emulator.emulated import PATIENCE_SECONDS

TRUSTED: list[str] = []
"""Authorities in PEM, as a load balancer's trust store has them."""


def is_trusted(certificate: bytes) -> bool:
    """Whether one of the authorities has signed it."""
    for authority in TRUSTED if certificate else ():
        with suppress(InvalidSignature, ValueError):
            issuer = x509.load_pem_x509_certificate(authority.encode())
            x509.load_pem_x509_certificate(certificate).verify_directly_issued_by(issuer)
            return True
    return False


def origin(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers with its request; an origin named `dead` drops connections, one named `broken` answers 503.

    One named `mutual` drops who shows no certificate of an authority in TRUSTED.
    """
    headers = {
        n.removeprefix("HTTP_").replace("_", "-").lower(): v for n, v in environ.items() if n.startswith("HTTP_")
    }
    shown = b64decode(headers.pop("x-sandbox-client-certificate", ""))
    asks = "mutual" in headers["x-sandbox-origin"]
    if "dead" in headers["x-sandbox-origin"] or (asks and not is_trusted(shown)):
        raise dropped()
    target = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else "")
    told = {"method": environ["REQUEST_METHOD"], "target": target, "body": environ["wsgi.input"].read().decode()}
    told["raw"] = environ["REQUEST_URI"]
    body = json.dumps({**told, "type": environ.get("CONTENT_TYPE"), "headers": headers}).encode()
    status = "503 Service Unavailable" if "broken" in headers["x-sandbox-origin"] else "201 Created"
    more = [("Content-Type", "text/css")] if target.endswith(".css") else []
    start_response(status, [("Content-Length", str(len(body))), ("X-Application", "yes"), *more])
    return [body]


@contextmanager
def served(server: wsgi.Server) -> Iterator[str]:
    """A running server, with its address."""
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    host, port = server.bind_addr[:2]
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def application() -> Iterator[Application]:
    with served(wsgi.Server(("127.0.0.1", 0), origin)) as url:
        yield Application(url, None)


@pytest.fixture(scope="session")
def store() -> Store:
    made = Store(ACCOUNT, {ZONE: DOMAIN})
    made.deployment_seconds = 0.0
    return made


@pytest.fixture(scope="session")
def url(store: Store, application: Application) -> Iterator[str]:
    with served(build("127.0.0.1", 0, store, application)) as url:
        yield url


@pytest.fixture
def emulated(url: str, store: Store) -> Iterator[Emulated]:
    emulated = Emulated(url)
    emulated.control("DELETE", "calls")
    yield emulated
    emulated.control("DELETE", "faults")
    emulated.control("PUT", "token", {"secret": None, "permissions": None, "status": "active"})
    store.remember(({}, {}))


@pytest.fixture
def sdk(emulated: Emulated) -> Cloudflare:
    """Cloudflare's own SDK, which tries each call once."""
    return Cloudflare(api_token=TOKEN, base_url=f"{emulated.url}/client/v4", max_retries=0, timeout=PATIENCE_SECONDS)


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the plugin would have waited between its calls."""
    return []


@pytest.fixture
def provider(emulated: Emulated, waits: list[float]) -> CloudflareProvider:
    """The plugin, configured for the emulated Cloudflare."""
    return configured(f"{emulated.url}/client/v4", TOKEN, waits)
