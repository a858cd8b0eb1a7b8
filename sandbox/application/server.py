"""The sandbox application's HTTP server: its own paths under /_sandbox, and visitors' requests from the edge."""

import json
import logging
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.application.observer import Observer
from sandbox.application.replication import LONGEST_LAG_SECONDS, Replication
from sandbox.application.rows import Rows
from sandbox.application.site import Answer, DeadOriginError, Site, Visit
from sandbox.aws.connections import dropped
from sandbox.aws.server import Gateway, Server

PREFIX = "/_sandbox/"
THREADS = 16


class Application:
    """WSGI application of all regions."""

    def __init__(self, aws: str, regions: Sequence[str]) -> None:
        rows = Rows()
        observer = Observer(aws, regions)
        self.site = Site(observer, rows)
        self.replication = Replication(observer, rows)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
        if path.startswith(PREFIX):
            given = self._control(environ["REQUEST_METHOD"], path.removeprefix(PREFIX), body)
        else:
            given = self._visit(environ, path, body)
        content = json.dumps(given.content).encode() + b"\n"
        status = f"{given.status} {HTTPStatus(given.status).phrase}"
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _visit(self, environ: WSGIEnvironment, path: str, body: bytes) -> Answer:
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        origin = environ.get("HTTP_X_SANDBOX_ORIGIN") or host
        query = environ.get("QUERY_STRING", "")
        visit = Visit(origin=origin, host=host, method=environ["REQUEST_METHOD"], path=path, query=query, body=body)
        try:
            return self.site.visit(visit)
        except DeadOriginError:
            raise dropped() from None
        except (BotoCoreError, ClientError, OSError) as problem:
            return Answer(status=503, content={"status": "failed", "reason": f"the emulated AWS: {problem}"})

    def _control(self, method: str, path: str, body: bytes) -> Answer:
        if (method, path) == ("GET", "health"):
            return Answer(status=200, content={"status": "ok"})
        if path == "replication" and method in ("GET", "PUT"):
            problem = self._set(body) if method == "PUT" else None
            return Answer(status=400, content={"error": problem}) if problem else self._state()
        if (method, path) == ("GET", "ending"):
            rows = [row.content() for row in self.replication.workers.written]
            return Answer(status=200, content={"rows": rows})
        wanted = f"want GET {PREFIX}health or {PREFIX}ending, GET or PUT {PREFIX}replication"
        return Answer(status=404, content={"error": f"{method} {PREFIX}{path}: {wanted}"})

    def _state(self) -> Answer:
        return Answer(status=200, content=self.replication.state())

    def _set(self, body: bytes) -> str | None:
        """Change lag and pause. Returns the problem of an invalid request, which changes nothing."""
        try:
            wish = json.loads(body)
        except ValueError:
            wish = None
        if not isinstance(wish, dict) or not wish or not wish.keys() <= {"lag_seconds", "paused"}:
            return 'want {"lag_seconds": <number>, "paused": <true or false>}, or one of them'
        lag = wish.get("lag_seconds", self.replication.lag_seconds)
        paused = wish.get("paused", self.replication.paused)
        if isinstance(lag, bool) or not isinstance(lag, int | float) or not 0 <= lag <= LONGEST_LAG_SECONDS:
            return f"lag_seconds {lag!r}: want a number from 0 to {LONGEST_LAG_SECONDS:.0f}"
        if not isinstance(paused, bool):
            return f"paused {paused!r}: want true or false"
        self.replication.lag_seconds, self.replication.paused = float(lag), paused
        return None


def build(host: str, port: int, application: Application) -> Server:
    """A server that is ready to be started."""
    server = Server((host, port), application, numthreads=THREADS)
    server.gateway = Gateway
    return server


def serve(host: str, port: int, aws: str, regions: Sequence[str]) -> None:
    """Answer requests until the process ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    application = Application(aws, regions)
    server = build(host, port, application)
    server.prepare()
    application.replication.start()
    print(f"application on http://{host}:{port}", flush=True)
    server.serve()
