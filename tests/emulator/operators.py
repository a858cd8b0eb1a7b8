"""The code of `ops` on the emulated AWS, in the test's own process."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ops.core import aws


def forget() -> None:
    """Forget all clients, as in a new process with other credentials or another server."""
    aws._client.cache_clear()
    aws._session.cache_clear()


@contextmanager
def operating(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`ops` asks the emulated AWS, with a user's keys until others are set."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PULUMI_BACKEND_URL": "file:///nowhere",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    forget()
    try:
        yield
    finally:
        forget()
