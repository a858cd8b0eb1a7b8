"""The sandbox's own paths on the emulated AWS, under /_sandbox: queries, and switches of its faults."""

import re
import secrets
import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox.aws import asked
from sandbox.aws.agents import AGENTS
from sandbox.aws.asked import BadRequestError, query
from sandbox.aws.capacity import CAPACITY
from sandbox.aws.ending import ENDING
from sandbox.aws.fixes import rds_states
from sandbox.aws.gate import Gate, Mode
from sandbox.own_paths import PREFIX, Routes, answered, found


class Control:
    """WSGI middleware that answers the sandbox's own paths and lets all others through the gate."""

    def __init__(self, gate: Gate, account: str) -> None:
        self.gate = gate
        self.account = account
        # A restarted server has another one, and has lost its state.
        self.instance = secrets.token_hex(8)
        self.ahead_seconds = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self.gate(environ, self._dated(start_response))
        method, own = environ["REQUEST_METHOD"], path.removeprefix(PREFIX)
        return answered(lambda: self._answer(method, own, environ), start_response)

    def _answer(self, method: str, path: str, environ: WSGIEnvironment) -> object:
        """The answer to one request; raises BadRequestError, or LookupError for an unknown path or method."""
        noun, _, place = path.partition("/")
        routes: Routes = {
            ("GET", "health"): lambda: {"status": "ok", "instance": self.instance},
            ("GET", "pulse"): self.gate.pulse,
            ("GET", "calls"): self.gate.report,
            ("DELETE", "calls"): self.gate.forget_calls,
            ("GET", "agent"): lambda: AGENTS.listen(place),
            ("PUT", "agent"): lambda: AGENTS.end(place, environ),
            ("DELETE", "agent"): lambda: AGENTS.leave(place),
            ("GET", "blackout"): lambda: None,
            ("PUT", "blackout"): lambda: self.gate.black_out(self._place(place), _mode(environ)),
            ("PUT", "clock"): lambda: self._set_clock(place),
            ("PUT", "database"): lambda: self._set_database(place, environ),
            ("PUT", "ending"): lambda: _set_ending(place),
            ("GET", "capacity"): lambda: CAPACITY,
            ("PUT", "capacity"): lambda: _limit_capacity(place),
            ("DELETE", "capacity"): lambda: _lift_capacity(place),
            ("PUT", "credentials"): lambda: self._end_credentials(place),
            ("GET", "fault"): self.gate.faults.shown,
            ("PUT", "fault"): lambda: self.gate.faults.add(place, environ),
            ("DELETE", "fault"): lambda: self.gate.faults.remove(place),
            ("DELETE", "blackout"): lambda: self.gate.restore(self._place(place)),
        }
        answer = found(routes, method, noun, path)
        return self.gate.blackouts if noun == "blackout" else answer

    def _end_credentials(self, word: str) -> object:
        """Have the credentials end that roles were given so far."""
        asked.one_of("credentials", word, ["expire"])
        return self.gate.credentials.expire()

    def _set_clock(self, seconds: str) -> object:
        """Have AWS's clock, as its answers tell it, be ahead of this machine's."""
        self.ahead_seconds = asked.whole_number("clock", seconds, "seconds")
        return {"ahead_seconds": self.ahead_seconds}

    def _set_database(self, place: str, environ: WSGIEnvironment) -> object:
        """Have a database of REGION/IDENTIFIER be backed up or changed, for the seconds that the query has."""
        region, _, identifier = self._place(place).partition("/")
        status, seconds = (query(environ, name) for name in ("status", "seconds"))
        if status not in rds_states.STATUSES or not re.fullmatch(r"\d{1,4}", seconds):
            raise BadRequestError(f"want status={'|'.join(rds_states.STATUSES)} and a whole number of seconds")
        if not rds_states.be(self.account, region, identifier, status, int(seconds)):
            raise BadRequestError(f"database {identifier!r}: {region} has none of that name")
        return {"status": status}

    def _dated(self, start_response: StartResponse) -> StartResponse:
        """Answers with the moment by AWS's clock."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            others = [header for header in headers if header[0].lower() != "date"]
            date = formatdate(time.time() + self.ahead_seconds, usegmt=True)
            return start_response(status, [*others, ("Date", date)], *rest)

        return start if self.ahead_seconds else start_response

    def _place(self, path: str) -> str:
        """The region, or the service of a region, if there is a region of that name."""
        name, _, service = path.partition("/")
        return f"{asked.region(name)}/{service}" if service else asked.region(name)


def _set_ending(seconds: str) -> object:
    """Have the instances that a group scales in take so long to end."""
    ENDING.seconds = asked.whole_number("ending", seconds, "seconds")
    return {"ending_seconds": ENDING.seconds}


def _limit_capacity(place: str) -> object:
    """Limit the running instances of a region, given as REGION/N; instances that run already continue."""
    region, _, count = place.partition("/")
    CAPACITY[asked.region(region)] = asked.whole_number("capacity", count, "instances")
    return CAPACITY


def _lift_capacity(region: str) -> object:
    """Have room for all again in a region, or in every one."""
    for each in [asked.region(region)] if region else list(CAPACITY):
        CAPACITY.pop(each, None)
    return CAPACITY


def _mode(environ: WSGIEnvironment) -> Mode:
    """The mode that the query asks for."""
    return Mode(asked.one_of("mode", query(environ, "mode"), [*Mode]))
