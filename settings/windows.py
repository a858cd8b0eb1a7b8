"""Backup and maintenance windows, in UTC as in AWS."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY

CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
DAILY = re.compile(f"{CLOCK}-{CLOCK}")
WEEKLY = re.compile(f"({'|'.join(DAYS)}):{CLOCK}-({'|'.join(DAYS)}):{CLOCK}")


@dataclass(frozen=True, kw_only=True)
class Window:
    """A period of the week in minutes after Monday 00:00 UTC; it may run past the end of the week."""

    start: int
    minutes: int

    def overlaps(self, other: "Window") -> bool:
        """Whether the two overlap."""
        after = (other.start - self.start) % WEEK
        before = (self.start - other.start) % WEEK
        return after < self.minutes or before < other.minutes


def daily(value: str) -> list[Window]:
    """The seven windows of `hh24:mi-hh24:mi`."""
    match = DAILY.fullmatch(value)
    if match is None:
        raise ValueError("is not a daily window; want hh24:mi-hh24:mi in UTC, such as 01:00-02:00")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start = hour * 60 + minute
    minutes = (end_hour * 60 + end_minute - start) % DAY
    return [Window(start=day * DAY + start, minutes=minutes) for day in range(len(DAYS))]


def weekly(value: str) -> Window:
    """The window of `ddd:hh24:mi-ddd:hh24:mi`."""
    match = WEEKLY.fullmatch(value)
    if match is None:
        better = value.strip().lower()
        example = better if WEEKLY.fullmatch(better) else "tue:02:00-tue:03:00"
        raise ValueError(f"is not a weekly window; want ddd:hh24:mi-ddd:hh24:mi in UTC, such as {example}")
    day, hour, minute, end_day, end_hour, end_minute = match.groups()
    start = DAYS.index(day) * DAY + int(hour) * 60 + int(minute)
    end = DAYS.index(end_day) * DAY + int(end_hour) * 60 + int(end_minute)
    return Window(start=start, minutes=(end - start) % WEEK)


def overlap(daily_window: str, weekly_window: str) -> bool:
    """Whether a daily and a weekly window overlap."""
    return any(window.overlaps(weekly(weekly_window)) for window in daily(daily_window))


def _daily_of(least: int) -> AfterValidator:
    def check(value: str) -> str:
        _long_enough(daily(value)[0], least)
        return value

    return AfterValidator(check)


def _weekly_of(least: int) -> AfterValidator:
    def check(value: str) -> str:
        window = weekly(value)
        _long_enough(window, least)
        if window.minutes >= DAY:
            raise ValueError(f"lasts {window.minutes} minutes; want less than a day: are start and end swapped?")
        return value

    return AfterValidator(check)


def _long_enough(window: Window, least: int) -> None:
    if window.minutes < least:
        raise ValueError(f"lasts {window.minutes} minutes; want at least {least}")


DatabaseDaily = Annotated[str, _daily_of(30)]
"""RDS API, CreateDBInstance, PreferredBackupWindow: at least 30 minutes."""

DatabaseWeekly = Annotated[str, _weekly_of(30)]
"""RDS API, CreateDBInstance, PreferredMaintenanceWindow: at least 30 minutes."""

CacheDaily = Annotated[str, _daily_of(60)]
"""ElastiCache User Guide, "Scheduling automatic backups": the minimum length of the backup window is 60 minutes."""

CacheWeekly = Annotated[str, _weekly_of(60)]
"""ElastiCache API, CreateReplicationGroup, PreferredMaintenanceWindow: at least 60 minutes."""
