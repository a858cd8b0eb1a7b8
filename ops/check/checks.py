"""The morning checklist of both regions: each check is bounded calls that change nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from typing_extensions import override

from contract import origin
from monitoring.alerts.itself import CHECKLIST, REPORTS, TO_LOOK_AT
from monitoring.alerts.recovery import MISSED
from naming import spelled
from ops.core import facts, visitor
from ops.core.aws import answered, client, errors, reachable, rows
from ops.core.objects import backend_region
from ops.core.pair import Pair, RegionStack
from ops.core.region_table import Found
from ops.core.steps import show_table
from ops.errors import OpsError, one_line, refused


class Verdict(StrEnum):
    """The result of a check."""

    GOOD = "ok"
    BAD = "look"
    UNKNOWN = "unknown"
    IDLE = "-"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A check of a region; `says` is its finding, `-` if it does not apply to a region in that role."""

    stack: str
    check: str
    verdict: Verdict
    says: str


@dataclass(frozen=True, kw_only=True)
class Checklist(Found):
    """All findings; the platform is well if no check needs attention and none is unknown."""

    findings: Sequence[Finding]

    @property
    def to_look_at(self) -> int:
        """The number of findings that need attention."""
        return sum(finding.verdict in (Verdict.BAD, Verdict.UNKNOWN) for finding in self.findings)

    @property
    def well(self) -> bool:
        """Whether nothing needs attention."""
        return not self.to_look_at

    @override
    def to_json(self) -> dict[str, Any]:
        return {"well": self.well, **super().to_json()}


ALARMS = "alarms-"
"""The prefix of the roles of all alarms of a region."""
Answer = tuple[Verdict, str]
NOTHING: Answer = (Verdict.IDLE, "")


def checklist(pair: Pair) -> Checklist:
    """Check both regions in parallel. Raises OpsError if the region of the state backend does not answer."""
    backend = backend_region()
    if backend and not reachable(backend):
        raise refused([f"the state backend in {backend} does not answer: `ops dr status` works without it"])
    pair.read()
    found = facts.side_by_side({stack: partial(_region, pair, pair[stack]) for stack in pair.stacks})
    return Checklist(findings=[finding for region in found.values() for finding in region])


def show(found: Checklist) -> None:
    """The regions side by side, a row for each check."""
    stacks = list(dict.fromkeys(finding.stack for finding in found.findings))
    says = {(each.check, each.stack): f"{each.verdict}: {each.says}".removesuffix(": ") for each in found.findings}
    rows = [(check, *(says[check, stack] for stack in stacks)) for check in CHECKS]
    show_table("AskProAI, the morning checklist", ("", *stacks), rows)


def report(pair: Pair, found: Checklist) -> None:
    """Publish in each region the number of the pair's findings that need attention.

    If a region does not answer, the other one still gets the metric. Raises OpsError if one did not get it.
    """
    failed: list[str] = []
    for stack in pair.stacks:
        datum = {
            "MetricName": TO_LOOK_AT,
            "Dimensions": [{"Name": "Environment", "Value": pair[stack].settings.environment}],
            "Value": float(found.to_look_at),
            "Unit": "Count",
        }
        try:
            client("cloudwatch", pair[stack].region).put_metric_data(Namespace=REPORTS, MetricData=[datum])
        except errors() as error:
            failed.append(f"{stack}: {one_line(error)}")
    if failed:
        raise OpsError(f"not reported to {'; '.join(failed)}")


def _region(pair: Pair, stack: RegionStack) -> list[Finding]:
    answering = reachable(stack.region)

    def answer(question: Callable[[Pair, RegionStack], Answer]) -> Answer:
        if not answering:
            return Verdict.UNKNOWN, f"{stack.region} does not answer"
        return answered(partial(question, pair, stack), lambda why: (Verdict.UNKNOWN, why))

    found = facts.side_by_side({check: partial(answer, question) for check, question in CHECKS.items()})
    return [
        Finding(stack=stack.stack, check=check, verdict=verdict, says=says) for check, (verdict, says) in found.items()
    ]


def _judged(good: bool, says: str) -> Answer:
    return (Verdict.GOOD if good else Verdict.BAD), says


def _alarms(_: Pair, stack: RegionStack) -> Answer:
    """CloudWatch's alarms, which also cover error rates, disks, queues and certificates."""
    prefix = spelled(stack.settings.environment, ALARMS)
    names = [
        alarm["AlarmName"].removeprefix(prefix)
        for alarm in rows(client("cloudwatch", stack.region), "describe_alarms", AlarmNamePrefix=prefix)
        if alarm["StateValue"] == "ALARM"
        # If the checklist reported its own alarm, that alarm would never end.
        and not alarm["AlarmName"].startswith(f"{prefix}{CHECKLIST}")
    ]
    return _judged(not names, ", ".join(sorted(names)) or "none rings")


def _services(pair: Pair, stack: RegionStack) -> Answer:
    if not stack.writes:
        return NOTHING
    bad = visitor.failing_checks(origin(stack.stack, pair.domain))
    return _judged(not bad, ", ".join(bad) or "all health checks answer")


def _database(_: Pair, stack: RegionStack) -> Answer:
    found = facts.database(stack)
    if found is None:
        return Verdict.BAD, "missing"
    what = "replica" if found.is_replica else "writer"
    expected = "replica" if stack.following else "writer"
    wanted = "" if what == expected else f"; want a {expected}"
    return _judged(found.status in facts.USABLE and not wanted, f"{found.status}, {what}{wanted}")


def _replica(_: Pair, stack: RegionStack) -> Answer:
    if not stack.following or not stack.settings.recovery:
        return NOTHING
    lag, limit = facts.lag(stack), stack.settings.recovery.max_replica_lag_seconds
    if lag.seconds is None or lag.age_seconds is None:
        return Verdict.BAD, str(lag)
    says = f"{lag.seconds:.0f} s behind, {lag.age_seconds:.0f} s ago"
    return _judged(lag.is_known and lag.seconds <= limit, f"{says}; the limit is {limit} s")


def _queues(_: Pair, stack: RegionStack) -> Answer:
    """The alarms cover the number of messages and the dead letters."""
    return Verdict.GOOD, f"{facts.queued(stack)} messages"


def _backups(pair: Pair, stack: RegionStack) -> Answer:
    if not stack.settings.offsite:
        return NOTHING
    if stack.following:
        return _kept(pair, stack)
    newest = facts.newest_backup(stack)
    if newest is None:
        return Verdict.BAD, f"none; the daily one starts at {stack.settings.offsite.daily_copy_hour:02}:00 UTC"
    # The same limit as the alarm's.
    limit = timedelta(minutes=MISSED.minutes)
    says = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC"
    return _judged(datetime.now(UTC) - newest <= limit, f"{says}; it may be {limit // timedelta(hours=1)} h old")


def _kept(pair: Pair, stack: RegionStack) -> Answer:
    """A region that follows has no snapshots of its database: it keeps the source's automated backups."""
    newest = facts.newest_kept(stack, str(pair[stack.follows].output("database_arn")))
    if newest is None:
        return Verdict.BAD, f"none of {stack.follows}"
    limit = timedelta(minutes=stack.settings.recovery.rpo_minutes) if stack.settings.recovery else timedelta()
    says = f"those of {stack.follows} reach to {newest:%Y-%m-%d %H:%M} UTC"
    return _judged(datetime.now(UTC) - newest <= limit, f"{says}; they may be {limit // timedelta(minutes=1)} min old")


def _certificate(_: Pair, stack: RegionStack) -> Answer:
    problem, _serves = facts.certificate_problem(stack.region, str(stack.output("certificate_arn")))
    return _judged(not problem, problem or f"issued, for {facts.CERTIFICATE_DAYS} days or more")


CHECKS: Mapping[str, Callable[[Pair, RegionStack], Answer]] = {
    "alarms": _alarms,
    "services": _services,
    "database": _database,
    "replica": _replica,
    "queues": _queues,
    "backups": _backups,
    "certificate": _certificate,
}
"""Operations manual, "Daily Operations": the morning checklist. Error rates and disk space have alarms."""
