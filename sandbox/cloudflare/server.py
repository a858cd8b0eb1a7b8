"""The HTTP server: keep-alive and a thread pool, as in the emulated AWS."""

import json
import logging
from contextlib import suppress
from pathlib import Path
from wsgiref.types import WSGIEnvironment

from cheroot import wsgi
from typing_extensions import override

from sandbox.aws.connections import Connections
from sandbox.cloudflare.api import Api
from sandbox.cloudflare.control import Control
from sandbox.cloudflare.edge import Edge
from sandbox.cloudflare.faults import Faults
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import Tokens

THREADS = 64
IDLE_SECONDS = 300
log = logging.getLogger("sandbox.cloudflare")


class Gateway(wsgi.Gateway_10):
    """Passes the connection itself to the application, so that a fault can park it."""

    @override
    def get_environ(self) -> WSGIEnvironment:
        """The request's environment."""
        environ = super().get_environ()
        environ["sandbox.connection"] = self.req.conn
        return environ


class Server(wsgi.Server):
    """cheroot with as many kept connections as clients want, and a log in place of writing to the terminal."""

    keep_alive_conn_limit = 10_000

    @override
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log an event of the server."""
        log.log(level, "%s", msg, exc_info=traceback)


class Application:
    """The application server: at a fixed address, or at the current one in its record."""

    def __init__(self, url: str | None, record: Path | None) -> None:
        self.url = url
        self.record = record

    def __call__(self) -> str | None:
        """Its address, None while there is none."""
        if self.url or self.record is None:
            return self.url
        with suppress(OSError, ValueError, KeyError):
            return f"http://127.0.0.1:{json.loads(self.record.read_text())['port']}"
        return None


def build(host: str, port: int, store: Store, application: Application) -> Server:
    """A server that is ready to be started."""
    connections, faults, tokens = Connections(), Faults(), Tokens()
    api, edge = Api(store, tokens, faults, connections), Edge(store, application)
    control = Control(api, edge, faults, tokens, connections)
    server = Server((host, port), control, numthreads=THREADS, request_queue_size=512, timeout=IDLE_SECONDS)
    server.gateway = Gateway
    return server


def serve(host: str, port: int, store: Store, application: Application) -> None:
    """Answer requests until the process ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    server = build(host, port, store, application)
    server.prepare()
    print(f"Cloudflare on http://{host}:{port}", flush=True)
    server.serve()
