"""Accounts on the database: each has two names, of which the unused one gets the new password.

Two names, because on MySQL a password that is replaced in place ends immediately, unless it retains both, which only
MySQL supports.
"""

import json
import secrets
from typing import Any

from ops.core.actions import Action
from ops.core.aws import client, if_present
from ops.core.pair import ACCOUNTS, RegionStack
from ops.core.secret_values import CURRENT, make_current, versions, write
from ops.core.steps import Step, StepRun
from ops.secrets.hosts import on_the_database
from ops.secrets.rotation import Place

WRITE = Step(
    name="write new accounts beside the current ones",
    does="Generates passwords, and writes them in each region as pending versions of the secrets. Each account gets "
    "the other one of its two names.",
    unless="they exist, or another secret is rotated",
)
MAKE = Step(
    name="create the new accounts on the database",
    does="Has one worker create them with their privileges, by Systems Manager, and log in to each. The worker may "
    "read the administrator's password for five minutes.",
    unless="they were created, or another secret is rotated",
)
SWITCH = Step(
    name="make the new accounts current",
    does="Moves the label of the current version in each region, so that a host that starts from here on uses the new "
    "account.",
    unless="they are current, or another secret is rotated",
)
LOCK = Step(
    name="lock the former accounts",
    does="Has one worker lock the accounts of the former names, so that a leaked password is useless.",
    unless="they were locked, or another secret is rotated",
)


def before_hosts(place: Place) -> list[Action]:
    """The steps: a pending version of each secret, its account on the database, and making it current."""
    return [
        Action(
            step=WRITE,
            do=lambda _: _write(place),
            done=lambda: "they are there" if _all(place) else "",
            needs=lambda: _needs(place),
        ),
        place.once(MAKE, "make", _make),
        Action(
            step=SWITCH,
            do=lambda _: _switch(place),
            done=lambda: "they are current" if _all(place, CURRENT) else "",
        ),
    ]


def after_hosts(place: Place) -> list[Action]:
    """The former names can no longer log in."""
    return [place.once(LOCK, "lock", _lock)]


def _write(place: Place) -> str:
    version = place.rotation.version
    for name, arn in place.live.accounts.items():
        write(place.live.region, arn, version, json.dumps(_next(place.live, name, arn)))
        written = json.dumps(_value(place.live, arn, VersionId=version))
        for stack in place.stacks[1:]:
            write(stack.region, stack.accounts[name], version, written)
    return f"{len(place.live.accounts)} in {place}"


def _make(place: Place, _: StepRun) -> str:
    arns = place.live.accounts
    given = [f"{name.removeprefix(ACCOUNTS)}={arn}:{place.rotation.version}" for name, arn in arns.items()]
    return on_the_database(place, "make", given, list(arns.values()))


def _switch(place: Place) -> str:
    for stack in place.stacks:
        for arn in stack.accounts.values():
            make_current(stack.region, arn, place.rotation.version)
    return str(place)


def _lock(place: Place, _: StepRun) -> str:
    arns = place.live.accounts.values()
    users = [_other(_value(place.live, arn, VersionId=place.rotation.version)["username"]) for arn in arns]
    return f"{', '.join(users)} {on_the_database(place, 'lock', users, [])}"


def _needs(place: Place) -> list[str]:
    live = place.live
    found = [] if live.accounts else [f"stack {live.stack} has no accounts: `pulumi up --stack {live.stack}`"]
    lacking = [stack for stack in place.stacks[1:] if stack.accounts.keys() != live.accounts.keys()]
    return [*found, *(f"stack {stack.stack} has others than {live.stack}: `pulumi up` of both" for stack in lacking)]


def _next(stack: RegionStack, name: str, arn: str) -> dict[str, str]:
    """The account with its other name, and a password that RDS and MariaDB accept."""
    current = if_present(lambda: _value(stack, arn, VersionStage=CURRENT))
    first = f"{name.removeprefix(ACCOUNTS)}_1"
    return {
        "username": _other(current["username"]) if current else first,
        "password": secrets.token_hex(20),
    }


def _other(username: str) -> str:
    name, _, number = username.rpartition("_")
    return f"{name}_{'2' if number == '1' else '1'}"


def _all(place: Place, label: str | None = None) -> bool:
    """Whether the new version is in every region, with a label if one is given."""
    labels = (
        versions(stack.region, arn).get(place.rotation.version)
        for stack in place.stacks
        for arn in stack.accounts.values()
    )
    return all(found is not None and label in (None, *found) for found in labels)


def _value(stack: RegionStack, arn: str, **which: str) -> dict[str, Any]:
    """The content of a secret, never for the screen."""
    return dict(
        json.loads(client("secretsmanager", stack.region).get_secret_value(SecretId=arn, **which)["SecretString"])
    )
