"""`ops bootstrap`: what must exist before the first `pulumi up` in a real account, made where it is missing."""

from collections.abc import Iterator

from ops.bootstrap import buckets, certificate, keys, permissions, quotas, replication, secret_values, stacks
from ops.bootstrap.place import Place
from ops.bootstrap.thing import Thing, make, plan
from ops.core.aws import client
from ops.core.cloudflare import EdgeApi
from ops.core.engine import Engine
from ops.core.stack_files import StackFile
from ops.core.steps import Timeline, say
from ops.errors import Exit, OpsError

__all__ = ["bootstrap"]


def bootstrap(timeline: Timeline, *, dry_run: bool = False, generate: bool = False) -> None:
    """Make what is missing, then check quotas and the token; with `dry_run`, show both and change nothing.

    Raises OpsError: REFUSED for credentials of another account or a state backend elsewhere, USAGE for a secret that
    nobody is there to type, FAILED with everything that stands in the way of the first `up`.
    """
    place = Place.of()
    stacks.use_backend(place, dry_run=dry_run)
    _right_account(place)
    values = secret_values.Values(place, generate=generate)
    api = EdgeApi(lambda name: _edge_secret(place, values, name))
    things = list(_things(place, values))
    if dry_run:
        missing = plan([*things, *(_of_the_zone(place, api) if _token_known(place) else ())])
        say(f"{missing} to be made; nothing was changed" if missing else "everything is there")
    else:
        made = make([*things, *_of_the_zone(place, api)], timeline)
        say(f"{made} made" if made else "everything is there")
    _check(place, api, timeline, dry_run=dry_run)
    _say_what_is_next(place)


def _things(place: Place, values: secret_values.Values) -> Iterator[Thing]:
    yield from keys.things(place)
    yield from buckets.things(place)
    yield from replication.things(place)
    yield from stacks.things(place)
    yield from secret_values.things(place, values)


def _of_the_zone(place: Place, api: EdgeApi) -> Iterator[Thing]:
    return certificate.things(place, api, str(StackFile.of(place.edge_stack).get("zone_id")))


def _right_account(place: Place) -> None:
    found = str(client("sts", place.region).get_caller_identity()["Account"])
    if found != place.account_id:
        raise OpsError(
            f"the credentials are for account {found}, the stack files for {place.account_id}; nothing was changed",
            Exit.REFUSED,
        )


def _token_known(place: Place) -> bool:
    return stacks.has_secret(place.edge_stack, secret_values.TOKEN)


def _edge_secret(place: Place, values: secret_values.Values, name: str) -> str:
    return Engine().secret(place.edge_stack, name) if _token_known(place) else values.token()


def _check(place: Place, api: EdgeApi, timeline: Timeline, *, dry_run: bool) -> None:
    """Quotas and the token. Raises OpsError FAILED with every problem."""
    problems: list[str] = []
    with timeline.step("check quotas") as step:
        answers = quotas.check(place.region_stacks)
        problems += answers.problems
        step.detail = f"{len(answers.problems)} too small, {len(answers.notes)} not to be asked"
    for note in answers.notes:
        say(f"  {note}")
    with timeline.step("check Cloudflare's token") as step:
        if dry_run and not _token_known(place):
            step.skip("there is none yet")
        else:
            edge = StackFile.of(place.edge_stack)
            account = str(edge.get("cloudflare_account_id"))
            found = list(permissions.problems(api, str(edge.get("zone_id")), account, place.domain))
            problems += found
            step.detail = f"{len(found)} problems"
            if not found and not permissions.sees_itself(api):
                step.detail = f"may read everything; give it {permissions.READS_ITSELF} to see its rights to write too"
    if problems:
        raise OpsError("\n".join(problems))


def _say_what_is_next(place: Place) -> None:
    ups = ", ".join(f"`pulumi up --stack {stack}`" for stack in place.region_stacks)
    say(f"then: `pulumi login '{place.backend_url}'`, commit the stack files, {ups}")
    say(f"and last `ops recover {place.edge_stack} --up`, which takes the record for ACM into stack {place.edge_stack}")
