"""`ops bootstrap`: what must exist before the first `pulumi up` in a real account, made where it is missing."""

import os
from collections.abc import Iterator

from ops.bootstrap import (
    buckets,
    certificate,
    conflicts,
    former_certificates,
    keys,
    permissions,
    quotas,
    replication,
    secret_values,
    stacks,
)
from ops.bootstrap.prerequisite import Prerequisite, make, show
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client
from ops.core.cloudflare import EdgeApi
from ops.core.engine import Engine
from ops.core.stack_files import StackFile
from ops.core.steps import Plan, Step, Timeline, say
from ops.errors import Exit, OpsError

__all__ = ["bootstrap"]

CONFLICTS = Step(
    name="look for conflicts in the zone",
    does="Lists records and rules in the zone that block the edge, or that it would replace.",
    unless="the edge is up, or it is a dry run, and there is no token yet",
    asks=True,
)
QUOTAS = Step(name="check quotas", does="Compares what each region needs with the account's quotas.", asks=True)
TOKEN = Step(
    name="check Cloudflare's token",
    does="Lists every permission that the edge's token does not have.",
    unless="it is a dry run, and there is no token yet",
    asks=True,
)
SAMPLE = StateBackend(
    region="STATE-REGION",
    copy_region="COPY-REGION",
    account_id="ACCOUNT",
    cost_center="COST-CENTER",
    domain="DOMAIN",
    region_stacks=("PRIMARY", "STANDBY"),
    edge_stack="EDGE",
)
"""Placeholders for an operator's values in the runbook."""


def plan(backend: StateBackend = SAMPLE) -> Plan:
    """The plan for a backend: a step for each prerequisite, then the checks."""
    values = secret_values.Values(backend, generate=False)
    prerequisites = [*_prerequisites(backend, values), *_of_the_zone(backend, EdgeApi(str), "ZONE")]
    steps = (CONFLICTS, *(prerequisite.step for prerequisite in prerequisites), QUOTAS, TOKEN)
    return Plan(steps=steps, exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.REFUSED, Exit.INTERRUPTED))


def bootstrap(timeline: Timeline, *, generate: bool = False) -> None:
    """Create what is missing, then check quotas and the token; a dry run shows both and changes nothing.

    Raises OpsError: REFUSED for credentials of another account or another state backend, USAGE if a secret must be
    typed without a terminal, FAILED with everything that prevents the first `up`.
    """
    backend = StateBackend.of()
    stacks.use_backend(backend, dry_run=timeline.dry_run)
    _right_account(backend)
    values = secret_values.Values(backend, generate=generate)
    api = EdgeApi(lambda name: _edge_secret(backend, values, name))
    prerequisites = list(_prerequisites(backend, values))
    of_the_zone = _of_the_zone(backend, api, str(StackFile.of(backend.edge_stack).get("zone_id")))
    in_the_way = _conflicts(backend, api, timeline)
    if timeline.dry_run:
        missing = show([*prerequisites, *(of_the_zone if _token_known(backend) else ())])
        say(f"{missing} to be made; nothing was changed" if missing else "everything is there")
        if stacks.has_secret(backend.edge_stack, secret_values.TOKEN) and not _token_known(backend):
            say(
                "the secrets of the stack files were encrypted for stacks that are not in the backend: they are read "
                "once the stacks exist, and set again if that fails"
            )
    elif in_the_way:
        raise OpsError("\n".join([*in_the_way, "nothing was made"]), Exit.REFUSED)
    else:
        with timeline.refusing_only_before_changes():
            made = make([*prerequisites, *of_the_zone], timeline)
        say(f"{made} made" if made else "everything is there")
    _check(backend, api, timeline, in_the_way)
    _say_what_is_next(backend)


def _prerequisites(backend: StateBackend, values: secret_values.Values) -> Iterator[Prerequisite]:
    yield from keys.prerequisites(backend)
    yield from buckets.prerequisites(backend)
    yield from replication.prerequisites(backend)
    yield from stacks.prerequisites(backend)
    yield from secret_values.prerequisites(backend, values)


def _of_the_zone(backend: StateBackend, api: EdgeApi, zone: str) -> Iterator[Prerequisite]:
    yield from certificate.prerequisites(backend, api, zone)
    yield from former_certificates.prerequisites(backend, api, zone)


def _right_account(backend: StateBackend) -> None:
    found = str(client("sts", backend.region).get_caller_identity()["Account"])
    if found != backend.account_id:
        raise OpsError(
            f"the credentials are for account {found}, the stack files for {backend.account_id}; nothing was changed",
            Exit.REFUSED,
        )


def _token_known(backend: StateBackend) -> bool:
    """Whether the token can be read: the engine decrypts nothing for a stack that is not in its backend."""
    return stacks.has_secret(backend.edge_stack, secret_values.TOKEN) and stacks.exists(backend.edge_stack)


def _edge_secret(backend: StateBackend, values: secret_values.Values, name: str) -> str:
    return Engine().secret(backend.edge_stack, name) if _token_known(backend) else values.token()


def _conflicts(backend: StateBackend, api: EdgeApi, timeline: Timeline) -> list[str]:
    """What prevents the first `up` of the edge."""
    edge = StackFile.of(backend.edge_stack)
    with timeline.step(CONFLICTS) as step:
        if stacks.exists(backend.edge_stack) and Engine().outputs(backend.edge_stack):
            step.skip("the edge is up")
            return []
        if timeline.dry_run and not _token_known(backend) and secret_values.TOKEN_VARIABLE not in os.environ:
            step.skip("there is no token yet")
            return []
        zone, mail = str(edge.get("zone_id")), bool(edge.get("mail", None))
        problems = list(conflicts.found(api, zone, backend.domain, backend.region_stacks, mail=mail))
        step.detail = f"{len(problems)} in the way"
    return problems


def _check(backend: StateBackend, api: EdgeApi, timeline: Timeline, in_the_way: list[str]) -> None:
    """Quotas and the token. Raises OpsError FAILED with every problem, `in_the_way` included."""
    problems = list(in_the_way)
    with timeline.step(QUOTAS) as step:
        answers = quotas.check(backend.region_stacks)
        problems += answers.problems
        step.detail = f"{len(answers.problems)} too small, {len(answers.notes)} not to be asked"
    for note in answers.notes:
        say(f"  {note}")
    with timeline.step(TOKEN) as step:
        if timeline.dry_run and not _token_known(backend):
            step.skip("there is none yet")
        else:
            edge = StackFile.of(backend.edge_stack)
            zone, account, plan = (str(edge.get(key)) for key in ("zone_id", "cloudflare_account_id", "plan"))
            factors = [str(factor) for factor in edge.get("access.second_factors") or ()]
            found = list(permissions.problems(api, zone, account, backend.domain, plan, factors))
            problems += found
            step.detail = f"{len(found)} problems"
            if not found and not permissions.sees_itself(api, account):
                step.detail = f"can read everything; give it {permissions.READS_ITSELF} to check write permissions"
    if problems:
        raise OpsError("\n".join(problems))


def _say_what_is_next(backend: StateBackend) -> None:
    ups = ", ".join(f"`pulumi up --stack {stack}`" for stack in (*backend.account_stacks, *backend.region_stacks))
    say(f"then: `pulumi login '{backend.home.url}'`, commit the stack files, {ups}")
    edge = backend.edge_stack
    say(f"last `ops recover {edge} --up`, not `pulumi up`: stack {edge} adopts the existing record for ACM")
