"""What a region must prove before visitors are led to it: all gates at once, each with what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ops.core import facts, visitor
from ops.core.facts import side_by_side
from ops.core.pair import Pair, RegionStack
from ops.dr.preflight import certificate_problems
from ops.errors import OpsError

SERVICES = ("acm", "autoscaling", "rds")
"""What the gates ask AWS with."""
HEALTH_CHECKS = ("", "/database", "/redis", "/queue")
STRICT = "strict"
LEAST_TLS = ("1.2", "1.3")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A gate's answer."""

    name: str
    passed: bool
    finding: str

    def __str__(self) -> str:
        return f"{self.name}: {self.finding}"


def ask(pair: Pair, stack: RegionStack, token: str | None) -> list[Gate]:
    """Every gate of a region, side by side. Without a token the edge's own settings are not asked."""
    asked: dict[str, Callable[[], Gate]] = {
        f"health{check}": partial(_health, pair.origin(stack.stack), check) for check in HEALTH_CHECKS
    }
    asked |= {
        "web capacity": partial(_web, stack),
        "worker capacity": partial(_workers, stack),
        "certificate": partial(_certificate, stack),
        "database": partial(_database, stack),
        "one writer": partial(_one_writer, stack, pair[pair.other_than(stack.stack)]),
    }
    if token is not None:
        asked["edge TLS"] = partial(_edge_tls, str(pair.edge_output("zone_id")), token)
    return list(side_by_side({name: partial(_closed_by_error, name, gate) for name, gate in asked.items()}).values())


def _health(host: str, check: str) -> Gate:
    answer = visitor.visit(host, f"/api/health{check}")
    told = answer["reason"] or answer["checks"] or (answer.body if answer.status == 0 else "")
    finding = f"{answer.status or 'no answer'}{f' ({told})' if told and answer.status != 200 else ''}"
    return Gate(name=f"health{check}", passed=answer.status == 200, finding=finding)


def _web(stack: RegionStack) -> Gate:
    """Instances of the colours that visitors are led to."""
    groups = stack.output("web_group_names")
    weighted = [name for color, name in groups.items() if int(stack.file.get(f"web.{color}.weight", 0)) > 0]
    return _capacity("web capacity", stack, weighted, int(stack.file.get("web.required_instances")))


def _workers(stack: RegionStack) -> Gate:
    group = str(stack.output("worker_group_name"))
    return _capacity("worker capacity", stack, [group], int(stack.file.get("workers.required_instances")))


def _capacity(name: str, stack: RegionStack, groups: list[str], required: int) -> Gate:
    count = sum(facts.in_service(stack, groups).values())
    return Gate(name=name, passed=count >= required, finding=f"{count} in service, {required} required")


def _certificate(stack: RegionStack) -> Gate:
    problems = list(certificate_problems(stack.region, str(stack.output("certificate_arn"))))
    return Gate(name="certificate", passed=not problems, finding="; ".join(problems) or "issued")


def _database(stack: RegionStack) -> Gate:
    found = facts.database(stack)
    if found is None:
        return Gate(name="database", passed=False, finding=f"{stack.output('database_identifier')} is not there")
    role = f"a replica of {found.source}" if found.is_replica else "a writer"
    passed = not found.is_replica and found.status == "available"
    return Gate(name="database", passed=passed, finding=f"{found.identifier} is {found.status} and {role}")


def _one_writer(stack: RegionStack, other: RegionStack) -> Gate:
    """A region that another took over from still looks well, and has not what was written since."""
    superseded = stack.role == "primary" and other.activated and other.writes
    finding = (
        f"{other.stack} took over and takes writes: the data here is out of date" if superseded else "the only one"
    )
    return Gate(name="one writer", passed=not superseded, finding=finding)


def _edge_tls(zone_id: str, token: str) -> Gate:
    mode, least = (visitor.zone_setting(zone_id, token, name) for name in ("ssl", "min_tls_version"))
    passed = mode == STRICT and least in LEAST_TLS
    return Gate(name="edge TLS", passed=passed, finding=f"mode {mode}, least version {least}")


def _closed_by_error(name: str, gate: Callable[[], Gate]) -> Gate:
    """A gate that could not be asked is closed."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return gate()
    except (BotoCoreError, ClientError, OpsError) as error:
        return Gate(name=name, passed=False, finding=f"could not be asked: {' '.join(str(error).split())[:160]}")
