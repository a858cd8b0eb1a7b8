"""Faults on demand, and the count of calls: what the API does before, or instead of, executing a call."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """What happens to a call."""

    TOO_MANY = "429"
    """Refused with Retry-After."""
    BROKEN = "5xx"
    """Answered by a gateway's 502 page, with nothing done."""
    IGNORE = "ignore"
    """Answered as a success, with nothing done."""
    HANG = "hang"
    """Accepted and never answered."""
    RESET = "reset"
    """Accepted, and the connection closed without an answer."""
    SLOW = "slow"
    """Done and answered, a byte at a time, with a short pause before each."""


@dataclass(kw_only=True)
class Fault:
    """One fault: after `skip` matching calls it applies to the next `count` (None: all)."""

    mode: Mode
    count: int | None = None
    skip: int = 0
    method: str = ""
    """Methods with `|` between them, empty for any."""
    path: str = ""
    """Part of the path."""
    retry_after: int = 1
    """Seconds, of a 429."""

    def meets(self, method: str, path: str) -> bool:
        """Whether the fault applies to this call, which it counts."""
        if (self.method and method not in self.method.split("|")) or self.path not in path or self.count == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count is not None:
            self.count -= 1
        return True


def read(given: object) -> list[Fault]:
    """Faults from JSON, one or a list. Raises ValueError."""
    return [_read(each) for each in (given if isinstance(given, list) else [given])]


def _read(given: object) -> Fault:
    known = {"mode": str, "count": int, "skip": int, "method": str, "path": str, "retry_after": int}
    if not isinstance(given, dict) or "mode" not in given:
        raise ValueError(f"a fault has a mode, one of {', '.join(Mode)}")
    values: dict[str, Any] = dict(given)
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{name!r} is nothing of a fault: want some of {', '.join(known)}")
        negative = isinstance(value, int) and value < 0
        if value is not None and (type(value) is not known[name] or negative):
            raise ValueError(f"{name} {value!r}: want {'a number, 0 or more' if known[name] is int else 'text'}")
    try:
        mode = Mode(values.pop("mode"))
    except ValueError:
        raise ValueError(f"mode {given['mode']!r}: want one of {', '.join(Mode)}") from None
    return Fault(mode=mode, **{name: value for name, value in values.items() if value is not None})


class Faults:
    """The faults that are set, and the calls since the last reset."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.met: Counter[str] = Counter()

    def set(self, faults: list[Fault]) -> list[dict[str, Any]]:
        """Replace all faults by these. Returns the remaining count of each."""
        with self.lock:
            self.faults = faults
        return self.report()

    def report(self) -> list[dict[str, Any]]:
        """The remaining count of each fault."""
        with self.lock:
            return [asdict(fault) for fault in self.faults]

    def meet(self, method: str, path: str, template: str) -> Fault | None:
        """Count a call. Returns its fault."""
        call = f"{method} {template}"
        with self.lock:
            self.calls[call] += 1
            fault = next((fault for fault in self.faults if fault.meets(method, path)), None)
            if fault:
                self.met[call] += 1
            return fault

    def count(self) -> Mapping[str, Mapping[str, int]]:
        """Calls by method and path template: all of them, and those with a fault."""
        with self.lock:
            return {call: {"all": number, "faulted": self.met[call]} for call, number in sorted(self.calls.items())}

    def forget(self) -> Mapping[str, Mapping[str, int]]:
        """Reset the count. Returns the last one."""
        counted = self.count()
        with self.lock:
            self.calls.clear()
            self.met.clear()
        return counted
