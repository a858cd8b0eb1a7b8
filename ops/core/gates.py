"""The gates that a region must pass before traffic is routed to it: all in parallel, each with its finding."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from contract import HEALTH_CHECKS, HEALTH_PATH, origin
from hosts.roles import APPLICATION_ROLES, HostRole
from ops.core import aws, facts, hosts, visitor
from ops.core.facts import side_by_side
from ops.core.pair import EdgeStack, Pair, RegionStack

SERVICES = ("acm", "autoscaling", "elbv2", "rds")
"""The clients with which the gates call AWS."""
ONE_WRITER = "one writer"
STRICT = "strict"
LEAST_TLS = ("1.2", "1.3")
LEAST_LEFT = timedelta(days=1)
"""Our choice, for the origin-pull certificate; Cloudflare sends mail long before."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The result of a gate."""

    name: str
    passed: bool
    finding: str

    def __str__(self) -> str:
        return f"{self.name}: {self.finding}"


def ask(pair: Pair, stack: RegionStack, edge: EdgeStack | None) -> list[Gate]:
    """Every gate of a region, in parallel. Without the edge, its own settings are not checked."""
    asked: dict[str, Callable[[], tuple[bool, str]]] = {
        f"health{check}": partial(_health, stack, pair.domain, check) for check in HEALTH_CHECKS
    }
    asked |= {f"capacity of {role.name}": partial(_capacity, stack, role) for role in APPLICATION_ROLES}
    asked |= {
        "certificate": partial(_certificate, stack),
        "database": partial(_database, stack),
        ONE_WRITER: partial(_one_writer, stack, pair[pair.other_than(stack.stack)]),
    }
    if edge is not None:
        asked |= {"edge TLS": partial(_edge_tls, edge), "origin pulls": partial(_origin_pulls, edge)}
    return list(side_by_side({name: partial(_gate, name, question) for name, question in asked.items()}).values())


def _gate(name: str, question: Callable[[], tuple[bool, str]]) -> Gate:
    """The result of a gate; a gate that could not be checked is closed."""
    passed, finding = aws.answered(question, lambda why: (False, f"could not be asked: {why[:160]}"))
    return Gate(name=name, passed=passed, finding=finding)


def _health(stack: RegionStack, domain: str, check: str) -> tuple[bool, str]:
    answer = visitor.visit(origin(stack.stack, domain), f"{HEALTH_PATH}{check}")
    # A wrong record lets another region answer, and the partial checks do not show which one.
    if answer.status == 200 and not check and answer["region"] != stack.region:
        return False, f"answered by {answer['region'] or 'an unknown region'}, want {stack.region}"
    reason = answer["reason"] or answer["checks"] or (answer.body if answer.status == 0 else "")
    shown = f" ({reason})" if reason and answer.status != 200 else ""
    return answer.status == 200, f"{answer.status or 'no answer'}{shown}"


def _capacity(stack: RegionStack, role: HostRole) -> tuple[bool, str]:
    """Instances of the groups that get requests or jobs: of several groups, those with a weight."""
    groups = hosts.groups(stack, role)
    serving = [
        name
        for group, name in groups.items()
        if len(groups) == 1 or int(stack.file.get(hosts.setting(role, group, "weight"), 0)) > 0
    ]
    count = sum(hosts.in_service(stack, serving).values())
    required = int(stack.file.get(f"{role.name}.required_instances"))
    why = hosts.failed_launches(stack, serving) if count < required else ""
    return count >= required, f"{count} serve, {required} required{f': {why}' if why else ''}"


def _certificate(stack: RegionStack) -> tuple[bool, str]:
    problem, serves = facts.certificate_problem(stack.region, str(stack.output("certificate_arn")))
    return serves, problem or "issued"


def _database(stack: RegionStack) -> tuple[bool, str]:
    found = facts.database(stack)
    if found is None:
        return False, f"{stack.output('database_identifier')} is missing"
    return found.takes_writes, str(found)


def _one_writer(stack: RegionStack, other: RegionStack) -> tuple[bool, str]:
    """A region that another has taken over still looks healthy, but lacks everything that was written since."""
    superseded = stack.settings.role == "primary" and other.settings.activated and other.writes
    if superseded:
        return False, f"{other.stack} took over and takes writes: the data here is out of date"
    alone = other.following or other.is_fenced
    return True, "the only one" if alone else f"{other.stack} is not fenced: what is written there is lost"


def _edge_tls(edge: EdgeStack) -> tuple[bool, str]:
    names = ("ssl", "min_tls_version")
    mode, least = side_by_side({name: partial(visitor.zone_setting, edge, name) for name in names}).values()
    return mode == STRICT and least in LEAST_TLS, f"mode {mode}, least version {least}"


def _origin_pulls(edge: EdgeStack) -> tuple[bool, str]:
    """Without our certificate the load balancers refuse Cloudflare's connections."""
    found = visitor.origin_pulls(edge)
    if not found.enabled:
        return False, "turned off"
    if found.ends is None:
        return False, "no certificate is deployed"
    return found.ends - datetime.now(UTC) >= LEAST_LEFT, f"the certificate ends {found.ends:%Y-%m-%d}"
