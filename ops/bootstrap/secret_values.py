"""The stacks' secrets: typed unseen, or generated; the same in both regions, and never shown."""

import base64
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from getpass import getpass

from ops.bootstrap import origin_pull, stacks
from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.cloudflare import TOKEN, TOKEN_VARIABLE
from ops.core.engine import Engine
from ops.errors import Exit, OpsError

ORIGIN_PULL = ("origin_pull_ca", "origin_pull_certificate", "origin_pull_key")

MAKERS: Mapping[str, Callable[[], str]] = {
    "database_password": lambda: secrets.token_hex(20),
    "cache_auth_token": lambda: secrets.token_hex(32),
    "app_key": lambda: "base64:" + base64.b64encode(secrets.token_bytes(32)).decode(),
}
"""As the commands in the settings: each value has the form that its check requires."""


class Values:
    """The source of the secrets' values; each is asked for or generated once."""

    def __init__(self, backend: StateBackend, *, generate: bool) -> None:
        self._place = backend
        self._generate = generate
        self._known: dict[str, str] = {}

    def of_regions(self, name: str) -> str:
        """A secret of the regions: a region's existing value, else one that is asked for or generated."""
        if name not in self._known:
            having = [stack for stack in self._place.region_stacks if stacks.has_secret(stack, name)]
            self._known[name] = Engine().secret(having[0], name) if having else self._new(name)
        return self._known[name]

    def token(self) -> str:
        """The token of Cloudflare's API, from the environment or asked for."""
        if TOKEN not in self._known:
            self._known[TOKEN] = os.environ.get(TOKEN_VARIABLE) or _asked(TOKEN, empty_makes=False)
        return self._known[TOKEN]

    def _new(self, name: str) -> str:
        given = "" if self._generate else _asked(name, empty_makes=True)
        return given or MAKERS[name]()


def prerequisites(backend: StateBackend, values: Values) -> Iterator[Prerequisite]:
    """Every secret of every stack."""
    for stack in backend.region_stacks:
        for name in MAKERS:
            yield _secret(stack, name, values.of_regions)
    yield Prerequisite(
        name="secrets origin_pull_*",
        where=", ".join([*backend.region_stacks, backend.edge_stack]),
        why="origins take Cloudflare alone, and know it by this certificate",
        exists=lambda: all(stacks.has_secret(stack, name) for stack, name in _origin_pull_places(backend)),
        make=lambda: _make_origin_pull(backend),
    )
    yield _secret(backend.edge_stack, TOKEN, lambda _name: values.token())


def _secret(stack: str, name: str, value: Callable[[str], str]) -> Prerequisite:
    return Prerequisite(
        name=f"secret {name}",
        where=f"stack {stack}",
        exists=lambda: stacks.has_secret(stack, name),
        make=lambda: Engine().set_secret(stack, name, judged(name, value(name))),
    )


def _origin_pull_places(backend: StateBackend) -> list[tuple[str, str]]:
    authority, certificate, key = ORIGIN_PULL
    return [
        *((stack, authority) for stack in backend.region_stacks),
        (backend.edge_stack, certificate),
        (backend.edge_stack, key),
    ]


def _make_origin_pull(backend: StateBackend) -> None:
    """Generated together. Regions still trust the former authority, because they accept several."""
    made = origin_pull.make(backend.domain)
    authority, certificate, key = ORIGIN_PULL
    for stack in backend.region_stacks:
        former = Engine().secret(stack, authority) if stacks.has_secret(stack, authority) else ""
        Engine().set_secret(stack, authority, "\n".join(part for part in (former.strip(), made.authority) if part))
    # Last, so that after a kill everything is generated again.
    Engine().set_secret(backend.edge_stack, key, made.key)
    Engine().set_secret(backend.edge_stack, certificate, made.certificate)


def judged(name: str, value: str) -> str:
    """The value of a secret. Raises OpsError (REFUSED) if its form is wrong, without showing it."""
    from settings.edge_secrets import EDGE_CHECKS
    from settings.secrets import CHECKS, OPTIONAL

    check = {**CHECKS, **OPTIONAL, **EDGE_CHECKS}[name]
    if not check.accepts(value):
        raise OpsError(f"{name} has the wrong form (not shown); want {check.want}", Exit.REFUSED)
    return value


def _asked(name: str, *, empty_makes: bool) -> str:
    """The operator's hidden input. Raises OpsError USAGE without a terminal."""
    if not sys.stdin.isatty():
        instead = "--generate makes it" if empty_makes else f"set {TOKEN_VARIABLE}"
        raise OpsError(f"{name} is missing, and there is no terminal to ask at: {instead}", Exit.USAGE)
    hint = "empty to have one made, " if empty_makes else ""
    return getpass(f"{name} ({hint}not shown): ").strip()
