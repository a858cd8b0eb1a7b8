"""What visitors get: health, its sub-checks, and the canary rows."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qs

import contract
from sandbox.application.checks import CHECKS, Database, database
from sandbox.application.observer import Observer
from sandbox.application.origins import Fixed, Origin, find, region_of, route
from sandbox.application.rows import Rows, moment

BALANCERS = "elasticloadbalancing"
"""The service whose loss affects every visitor, whatever else of a region works."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request; `origin` is the load balancer to which the edge sends it, `host` the name that the visitor typed."""

    origin: str
    host: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP status, and the JSON body."""

    status: int
    content: dict[str, object]


class DeadOriginError(Exception):
    """Nothing answers at that name: the region is lost, or no load balancer has it."""


class Site:
    """The application behind every load balancer of the sandbox."""

    def __init__(self, aws: Observer, rows: Rows) -> None:
        self.aws = aws
        self.rows = rows

    def visit(self, visit: Visit) -> Answer:
        """Answer a visitor. Raises DeadOriginError if the origin does not answer."""
        region = region_of(visit.origin, self.aws.regions)
        if region is None or {region, f"{region}/{BALANCERS}"} & self.aws.lost():
            raise DeadOriginError(visit.origin)
        origin = find(self.aws, region, visit.origin)
        if origin is None:
            raise DeadOriginError(visit.origin)
        way = route(self.aws, origin, visit.host, visit.path)
        if isinstance(way, Fixed):
            return Answer(status=way.status, content={"status": "failed", "region": region, "reason": way.text})
        if not way.instances:
            return _failed(origin, "web", "no instance in service")
        return self._application(origin, visit, way.instances)

    def _application(self, origin: Origin, visit: Visit, instances: int) -> Answer:
        """What an instance answers."""
        if visit.path == contract.HEALTH_PATH:
            return _health(origin, "web", True, f"{instances} instances in service")
        if visit.path in contract.health_paths():
            name = visit.path.rpartition("/")[2]
            found = CHECKS[name](self.aws, origin)
            return _health(origin, name, found.passed, found.finding)
        if visit.path == contract.CANARY_PATH:
            return self._canary(origin, visit)
        if visit.path == "/":
            return Answer(status=200, content={"application": "AskProAI in the sandbox", "region": origin.region})
        return Answer(status=404, content={"status": "failed", "region": origin.region, "reason": "no such page"})

    def _canary(self, origin: Origin, visit: Visit) -> Answer:
        found = database(self.aws, origin)
        if found is None:
            return _failed(origin, "database", "no database")
        if visit.method == "POST":
            return self._write(origin, found, visit.body)
        if visit.method != "GET":
            return Answer(status=405, content={"status": "failed", "reason": "GET or POST"})
        if problem := found.read_problem():
            return _failed(origin, "database", problem)
        last = self.rows.last(found.resource_id)
        up_to = next(iter(parse_qs(visit.query).get("up_to", [])), None)
        if up_to is not None and not up_to.lstrip("-").isdecimal():
            return Answer(status=400, content={"status": "failed", "reason": "up_to: want a whole number"})
        content: dict[str, object] = {
            "rows": self.rows.count(found.resource_id, None if up_to is None else int(up_to)),
            "last_id": last.id if last else None,
            "last_written_at": moment(last.written) if last else None,
            "region": origin.region,
            "database": found.identifier,
        }
        return Answer(status=200, content=content)

    def _write(self, origin: Origin, found: Database, body: bytes) -> Answer:
        number = _number(body)
        if number is None:
            return Answer(status=400, content={"status": "failed", "reason": 'want {"id": <a whole number>}'})
        if problem := found.write_problem():
            return _failed(origin, "database", problem)
        row = self.rows.write(found.resource_id, number, origin.region, found.identifier)
        return Answer(status=201, content=row.content())


def _number(body: bytes) -> int | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    number = content.get("id") if isinstance(content, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _health(origin: Origin, name: str, passed: bool, finding: str) -> Answer:
    status = "ok" if passed else "failed"
    content: dict[str, object] = {"status": status, "region": origin.region, "checks": {name: finding}}
    return Answer(status=200 if passed else 503, content=content)


def _failed(origin: Origin, name: str, finding: str) -> Answer:
    return _health(origin, name, False, finding)
