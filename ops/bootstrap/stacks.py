"""The stacks and their secrets: created by the engine, in the existing backend and with the existing key."""

import os
from collections.abc import Iterator

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.engine import Engine
from ops.core.recovery import state_file
from ops.core.recovery.state_files import MISSING
from ops.core.stack_files import StackFile
from ops.errors import Exit, OpsError

BACKEND_VARIABLE = "PULUMI_BACKEND_URL"


def use_backend(backend: StateBackend, *, dry_run: bool) -> None:
    """Make the engine use the platform's state. Raises OpsError if the shell names another backend."""
    given = os.environ.get(BACKEND_VARIABLE)
    if given and given != backend.home.url and not dry_run:
        raise OpsError(
            f"{BACKEND_VARIABLE} is {given}, and the platform's state goes to {backend.home.url}; "
            f"nothing was changed: unset {BACKEND_VARIABLE}",
            Exit.REFUSED,
        )
    os.environ[BACKEND_VARIABLE] = backend.home.url


def prerequisites(backend: StateBackend) -> Iterator[Prerequisite]:
    """Each stack, empty, with the key as its secrets provider."""
    for stack in backend.all_stacks:
        yield Prerequisite(
            name=f"stack {stack}",
            where=backend.home.bucket,
            why=f"its secrets encrypted with {backend.alias}",
            exists=lambda stack=stack: exists(stack),
            make=lambda stack=stack: Engine().initialise(stack, backend.home.secrets_provider),
        )


def exists(stack: str) -> bool:
    """Whether the backend has the stack. A backend without its bucket has none.

    Raises OpsError for a damaged or lost state: a new stack would create everything a second time.
    """
    from botocore.exceptions import ClientError

    file = state_file(stack)
    try:
        problem = file.problem()
        if problem == MISSING and not file.had_resources():
            return False
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return False
        raise
    if problem:
        raise OpsError(f"the state of stack {stack} is {problem}: `ops recover {stack}` restores it")
    return True


def has_secret(stack: str, name: str) -> bool:
    """Whether the stack's file has a secret, encrypted."""
    value = StackFile.of(stack).get(name)
    return isinstance(value, dict) and set(value) == {"secure"}
