"""The status of both regions and the edge, read in parallel; every call is bounded, and none changes anything."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from contract import origin
from hosts.roles import APPLICATION_ROLES
from ops.core import facts, hosts, visitor
from ops.core.aws import errors, reachable
from ops.core.engine import Engine
from ops.core.facts import side_by_side
from ops.core.ledger import Ledger
from ops.core.objects import backend_region, older_backend
from ops.core.pair import Pair, RegionStack
from ops.core.region_table import Facts, Found, answers, heads, show_regions
from ops.core.session import LOCK, UNDER_WAY, told
from ops.core.settle import engine_of, in_use
from ops.core.steps import ago, say
from ops.dr import closing, fence
from ops.dr.preflight import differing
from ops.dr.routing import misrouted
from ops.errors import OpsError


@dataclass(frozen=True, kw_only=True)
class Status(Found):
    """Both regions, deviations from normal operation, running operations and commands, and what people still have to
    do."""

    regions: list[Facts]
    deviations: list[str]
    under_way: str
    at_work: str
    to_do: list[str]


def status() -> Status:
    """Read everything."""
    engine = Engine()
    pair, lost = Pair(engine), _lost_backend()
    if lost:
        for stack in pair.all:
            stack.do_without_outputs()
    else:
        pair.read()
    answering = side_by_side({stack: partial(facts.answers, pair[stack]) for stack in pair.stacks})
    regions = side_by_side({stack: partial(_region, pair, pair[stack], answering[stack]) for stack in pair.stacks})
    ledger = None if lost else Ledger()
    record = ledger.get(UNDER_WAY) if ledger else None
    begun = told(record) if record else ""
    at_work = ledger.holder(LOCK) if ledger else ""
    found = [lost, *_roles(pair)] if lost else deviations(pair, engine, under_way=bool(begun))
    if not begun:
        found += [line for lines in side_by_side(_databases(pair, answering)).values() for line in lines]
    if ledger and closing.is_closed(ledger):
        ways = "" if begun else ": run `ops dr flip --to STACK` or `ops dr abort` to open them"
        found.append(f"the names may be closed at the edge, and visitors get status {closing.STATUS}{ways}")
    to_do = _plugins(engine) + ([] if lost else _to_do(pair))
    return Status(regions=list(regions.values()), deviations=found, under_way=begun, at_work=at_work, to_do=to_do)


def _lost_backend() -> str:
    """A message if the region of the state backend does not answer, because the engine would wait for minutes; else
    empty."""
    region = backend_region()
    if not region or reachable(region):
        return ""
    return (
        f"the state backend in {region} does not answer: the following comes from the stack files, regions and "
        "edge alone; if that region is lost, run `ops recover --backend-copy`"
    )


def show(found: Status) -> None:
    """The status as text for the operator."""
    show_regions("AskProAI, both regions", found.regions)
    for line in found.deviations:
        say(f"deviation: {line}")
    if found.under_way:
        say(f"in progress: {found.under_way}")
    if found.at_work:
        say(f"running: {found.at_work}")
    if not found.deviations and not found.under_way:
        say("normal operation: one region serves, the other follows")
    for line in found.to_do:
        say(f"to do: {line}")


def deviations(pair: Pair, engine: Engine, *, under_way: bool = False) -> list[str]:
    """Deviations from normal operation, each with the command that fixes it.

    For a running operation there is only the command that continues it, whatever it has left unfinished.
    """
    live, other = pair[pair.live], pair[pair.other]
    found = [elsewhere] if (elsewhere := older_backend(pair.files)) else []
    older, edge = pair.older(), pair.edge
    # Outdated files do not show which region serves.
    found += older or (_serving(pair) if under_way else _roles(pair))
    for region in () if under_way or older else (live, other):
        found += _unlike_its_stack(region)
    if edge.outputs and not (older or under_way) and edge.outputs.get("live") != pair.live:
        found.append(
            f"{pair.live} is live in the stack file, but {edge.outputs.get('live')} in the stack {edge.stack}: if "
            f"the file is right, run `ops dr flip --to {pair.live}`"
        )
    found += _records(pair)
    for stack in () if under_way else pair.stacks:
        kept = pair[stack].settings.database.retained_generations
        found += [f"{stack} keeps a former database: `ops dr drop {stack} {number}`" for number in kept]
    engines = in_use if under_way else partial(engine_of, engine)
    found += [line for stack in pair.all if (line := engines(stack.stack))]
    return found


def _serving(pair: Pair) -> list[str]:
    """The deviation that the live region takes no writes."""
    live, other = pair[pair.live], pair[pair.other]
    if live.writes and not live.closed:
        return []
    is_active = other.writes and not (other.outputs and other.undone)
    on = f"`ops dr flip --to {other.stack}` continues, " if is_active else ""
    back = f"`ops dr abort --to {live.stack}` goes back" if on else "`ops dr abort`"
    return [f"{live.stack} is live but takes no writes: {on}{back}"]


def _roles(pair: Pair) -> list[str]:
    """Deviations according to the stack files."""
    live, other = pair[pair.live], pair[pair.other]
    # A region that takes no writes has no follower, and there is no other region to return to.
    if found := _serving(pair):
        return found
    if not other.following:
        state = "is fenced and is not a replica" if other.is_fenced else "takes writes as well"
        found.append(f"{other.stack} {state}: `ops dr rebuild {other.stack}` once it answers")
        found.append(f"no other region has the data of {live.stack}: `ops dr rebuild {other.stack}` creates a replica")
    if live.settings.role != "primary":
        found.append(f"{live.stack} is live but is not the primary: `ops dr failback --to {other.stack}`")
    if unlike := other.unlike(live):
        found.append(differing(other, live, unlike))
    found += hosts.releases_that_differ(pair)
    return found


def _records(pair: Pair) -> list[str]:
    """Differences between Cloudflare's records and the edge's stack."""
    to = pair.edge.outputs.get("live")
    if not to:
        return []
    try:
        astray = misrouted(pair, to, visitor.records(pair.edge))
    except OpsError as error:
        return [f"the records of {pair.domain} could not be asked: {error.message.splitlines()[0]}"]
    repair = f"`ops dr flip --to {to}`"
    return [f"{name} is routed to {place} instead of {to}: {repair}" for name, place in sorted(astray.items())]


def _plugins(engine: Engine) -> list[str]:
    """Plugins to install before they are needed: a flip takes seconds, and a provider has more than 100 MB."""
    return [
        f"plugin {missing} is not installed on this machine: `pulumi plugin install resource {missing}`"
        for missing in engine.missing_plugins()
    ]


def _to_do(pair: Pair) -> list[str]:
    """What a person must do at the registrar, which our programs cannot reach."""
    if "dnssec" not in pair.edge.outputs:
        return []
    try:
        status = visitor.dnssec(pair.edge)
    except OpsError as error:
        return [f"the DNSSEC of {pair.domain} could not be asked: {error.message.splitlines()[0]}"]
    key = pair.edge.output("dnssec")
    return [f"DNSSEC is {status}: give the registrar this DS record: {key['ds']}"] if status == "pending" else []


def _unlike_its_stack(region: RegionStack) -> list[str]:
    """Differences between stack file and stack: an outdated file, or a failed `up`."""
    if region.being_rebuilt:
        return [f"the rebuild of {region.stack} is not finished: `ops dr rebuild {region.stack}`"]
    if region.closed:
        return [] if region.outputs.get("fenced") else [fence.undeclared(region)]
    if region.older or not region.outputs:
        return []
    return [
        f"{region.stack} has {key}: {_word(made)}, but its stack file has another value: if the file is right, run "
        f"`pulumi up --stack {region.stack}`"
        for key, made in region.undone.items()
    ]


def _databases(pair: Pair, answering: Mapping[str, bool]) -> dict[str, Callable[[], list[str]]]:
    """Differences between RDS and the stacks about replicas, in the regions that answer."""

    def differs(stack: RegionStack) -> list[str]:
        follows = stack.recorded_following
        with suppress(*errors()):
            found = facts.database(stack) if stack.outputs else None
            if found and found.is_replica != follows:
                role, does = ("replica", "takes writes") if found.is_replica else ("writer", "follows")
                return [f"the database of {stack.stack} is a {role}, and its stack says that it {does}: `ops dr abort`"]
        return []

    return {stack: partial(differs, pair[stack]) for stack in pair.stacks if answering[stack]}


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _region(pair: Pair, stack: RegionStack, answering: bool) -> Facts:
    questions: dict[str, Callable[[RegionStack], str]] = {
        "health": lambda stack: ", ".join(visitor.failing_checks(origin(stack.stack, pair.domain))) or "ok",
        "database": _database,
        "replica_lag": _lag,
        "newest_object": _object,
        "newest_backup": _backup,
        "instances": _instances,
    }
    kept = ", ".join(map(str, stack.settings.database.retained_generations)) or "none"
    return {
        **heads(pair, stack),
        "role": _role(stack),
        "answers": "yes" if answering else "no",
        # AWS does not report the health.
        **answers(stack, questions, questions if answering else ["health"]),
        "kept_databases": kept,
    }


def _role(stack: RegionStack) -> str:
    """The fence as recorded by the stack: the file has the desired value."""
    declared = stack.settings
    if stack.closed or stack.outputs.get("fenced", declared.fenced):
        return f"{declared.role}, fenced"
    does = f"follows {declared.follows}, {declared.posture}" if declared.following else "takes writes"
    return f"{declared.role}, {does}"


def _database(stack: RegionStack) -> str:
    found = facts.database(stack)
    if found is None:
        return "missing"
    what = f"replica of {found.source.rpartition(':')[2]}" if found.is_replica else "writer"
    return f"{found.identifier}: {found.status}, {what}"


def _lag(stack: RegionStack) -> str:
    if not stack.following:
        return ""
    lag = facts.lag(stack)
    if lag.seconds is None:
        return "no figure"
    return f"{lag.seconds:.0f} s, {lag.age_seconds:.0f} s ago{'' if lag.is_known else ' (stale)'}"


def _object(stack: RegionStack) -> str:
    found = facts.newest_object(stack, str(stack.output("bucket_names")["uploads"]))
    some = "" if found.complete else " or later"
    return f"{ago(found.newest)}{some}" if found.newest else "none"


def _backup(stack: RegionStack) -> str:
    newest = facts.newest_backup(stack)
    return ago(newest) if newest else "none"


def _instances(stack: RegionStack) -> str:
    groups = {
        group if len(role.groups) > 1 else role.name: name
        for role in APPLICATION_ROLES
        for group, name in hosts.groups(stack, role).items()
    }
    counts = hosts.in_service(stack, groups.values())
    return ", ".join(f"{label} {counts[name]}" for label, name in groups.items())
