"""The HTTP server: keep-alive and a thread pool, which moto's own development server lacks."""

import logging
import traceback as tracebacks
from wsgiref.types import WSGIEnvironment

from cheroot import wsgi
from cheroot.server import HTTPConnection, HTTPRequest
from typing_extensions import override

from sandbox.aws.application import bucket_region, moto_application, session_keys
from sandbox.aws.connections import Connections
from sandbox.aws.control import Control
from sandbox.aws.credentials import Credentials
from sandbox.aws.gate import Gate

THREADS = 64
# Longer than any client keeps an idle connection, so that the client is the one that closes it.
IDLE_SECONDS = 300
log = logging.getLogger("sandbox.aws")


class Gateway(wsgi.Gateway_10):
    """Passes the connection itself to the application, so that the gate can drop or park it."""

    @override
    def get_environ(self) -> WSGIEnvironment:
        """The request's environment."""
        environ = super().get_environ()
        # moto reads object keys from the path as it was sent.
        environ["RAW_URI"] = environ["REQUEST_URI"]
        environ["sandbox.connection"] = self.req.conn
        return environ


class Request(HTTPRequest):
    """Takes a whole URL too: Terraform's provider asks S3 Control at a host name of the account's (`bridge.start`)."""

    def __init__(self, server: wsgi.Server, connection: HTTPConnection) -> None:
        super().__init__(server, connection, proxy_mode=True)


class Connection(HTTPConnection):
    """A connection with such requests."""

    RequestHandlerClass = Request


class Server(wsgi.Server):
    """cheroot with as many kept connections as clients want, and a log in place of writing to the terminal."""

    keep_alive_conn_limit = 10_000
    ConnectionClass = Connection

    @override
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log an event of the server."""
        log.log(level, "%s%s", msg, f"\n{tracebacks.format_exc()}" if traceback else "")


def build(host: str, port: int, account: str) -> Server:
    """A server for all regions that is ready to be started."""
    gate = Gate(moto_application(account), Connections(), bucket_region, Credentials(session_keys))
    server = Server(
        (host, port), Control(gate, account), numthreads=THREADS, request_queue_size=512, timeout=IDLE_SECONDS
    )
    server.gateway = Gateway
    return server


def serve(host: str, port: int, account: str) -> None:
    """Answer requests until the process ends."""
    # Every request is a line at INFO; the log file has only errors.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    server = build(host, port, account)
    server.prepare()
    print("AWS on http://{}:{}".format(*server.bind_addr[:2]), flush=True)
    server.serve()
