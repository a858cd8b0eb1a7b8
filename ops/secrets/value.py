"""The new value of a secret: generated, piped or typed unseen, read once, and validated."""

import sys
from getpass import getpass

from ops.bootstrap.secret_values import MAKERS, judged
from ops.errors import Exit, OpsError


class Value:
    """The value of the secret `name`, read once, when it is first needed."""

    def __init__(self, name: str, *, generate: bool) -> None:
        if generate and name not in MAKERS:
            raise OpsError(f"{name} cannot be made: its value comes from elsewhere; leave out --generate", Exit.USAGE)
        self._name = name
        self._generate = generate
        self._known: str | None = None

    def new(self) -> str:
        """The value. Raises OpsError (REFUSED) if its form is wrong, without showing it."""
        if self._known is None:
            self._known = judged(self._name, MAKERS[self._name]() if self._generate else self._given())
        return self._known

    def _given(self) -> str:
        if sys.stdin.isatty():
            return getpass(f"the new {self._name} (not shown): ").strip()
        return sys.stdin.read().strip()
