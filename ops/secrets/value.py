"""The new value of a secret: made, piped or typed unseen, asked for once, and judged."""

import sys
from getpass import getpass

from ops.bootstrap.secret_values import MAKERS
from ops.errors import Exit, OpsError


class Value:
    """The value of the secret `name`, as soon as somebody wants it. It is asked for once."""

    def __init__(self, name: str, *, generate: bool) -> None:
        if generate and name not in MAKERS:
            raise OpsError(f"{name} cannot be made: its value comes from elsewhere; leave out --generate", Exit.USAGE)
        self._name = name
        self._generate = generate
        self._known: str | None = None

    def new(self) -> str:
        """The value. Raises OpsError (REFUSED) for one of the wrong form, which is not shown."""
        from settings.secrets import CHECKS, OPTIONAL

        if self._known is None:
            self._known = MAKERS[self._name]() if self._generate else self._given()
        check = {**CHECKS, **OPTIONAL}[self._name]
        if not check.accepts(self._known):
            raise OpsError(f"{self._name} has the wrong form (not shown); want {check.want}", Exit.REFUSED)
        return self._known

    def _given(self) -> str:
        if sys.stdin.isatty():
            return getpass(f"the new {self._name} (not shown): ").strip()
        return sys.stdin.read().strip()
