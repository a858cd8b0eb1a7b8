"""A stack file of the fixture with one change, passed to the program as the language host does."""

import copy
import json
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi.runtime import set_all_config
from pulumi.runtime.settings import Settings as RuntimeSettings
from pulumi.runtime.settings import configure
from stack_files import FIXTURE, NAMESPACE

from sandbox.project.origin_pull import origin_pull
from settings import ConfigurationError, load

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBhjCCASugAwIBAgIUGIiSknC5L/96DUI/0775/DKNveQwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMb3JpZ2luLXB1bGxzMCAXDTI2MTEyMjAwMDE1NVoYDzIxMjYx
MDI5MDAwMTU1WjAXMRUwEwYDVQQDDAxvcmlnaW4tcHVsbHMwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASgLGLg5l/fa5HQfppnFLRaGNeqOTW3ndKb3sx1uHbWQhe3
bTjq5uF1SVRMk9K3bMGIP2MTIDFdyJVnoDm1QXHIo1MwUTAdBgNVHQ4EFgQUAJEO
gQYpQtobbrbQr+be56DAYn0wHwYDVR0jBBgwFoAUAJEOgQYpQtobbrbQr+be56DA
Yn0wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAn/eXsTsqPtnf
lBIsv155O1k5tElJElvWqwpTM0vDDIsCIQDcB3p2voXFDtUy8OM3jmV0/V2tDiro
Cnneh563R1dkRg==
-----END CERTIFICATE-----
"""
"""A certificate authority's certificate, whose key was discarded."""

GOOD_SECRETS = {
    "database_password": "correct-horse-battery-staple",
    "cache_auth_token": "correct-horse-battery-staple",
    "app_key": "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "origin_pull_ca": AUTHORITY,
}

PAIR = origin_pull()
EDGE_SECRETS = {
    "cloudflare_api_token": "token-of-forty-characters-as-cloudflare-",
    "origin_pull_certificate": PAIR.certificate,
    "origin_pull_key": PAIR.key,
}

ABSENT = object()
"""The value of a change that deletes the key."""

Change = tuple[str, Any]
"""A key as in the messages, and its new value."""


def written(stack: str) -> dict[str, Any]:
    """The settings in a stack file of the fixture, without their namespace."""
    return copy.deepcopy(dict(FIXTURE.values(stack)))


def changed(values: Mapping[str, Any], *changes: Change) -> dict[str, Any]:
    """`values` with each change applied; a missing key is added."""
    result = copy.deepcopy(dict(values))
    for key, value in changes:
        *blocks, last = key.split(".")
        block = result
        for name in blocks:
            block = block[name]
        if value is ABSENT:
            del block[last]
        else:
            block[last] = value
    return result


@contextmanager
def configured(
    values: Mapping[str, Any],
    secrets: Mapping[str, str] = GOOD_SECRETS,
    encrypted: Collection[str] | None = None,
    stack: str = "prod",
    folder: Path = FIXTURE.folder,
) -> Generator[None]:
    """The configuration of a stack as the engine passes it: text, and JSON for blocks and lists."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    configure(RuntimeSettings(project=NAMESPACE.removesuffix(":"), stack=stack, root_directory=str(folder)))
    set_all_config(
        {f"{NAMESPACE}{key}": value for key, value in {**texts, **secrets}.items()},
        [f"{NAMESPACE}{key}" for key in (secrets if encrypted is None else encrypted)],
    )
    try:
        yield
    finally:
        set_all_config({}, [])


def good_secrets(stack: str) -> Mapping[str, str]:
    """The secrets of a stack of the fixture; the account's has none."""
    return {"edge": EDGE_SECRETS, "account": {}}.get(stack, GOOD_SECRETS)


def refusals(
    *changes: Change,
    secrets: Mapping[str, str] | None = None,
    encrypted: Collection[str] | None = None,
    stack: str = "prod",
) -> list[str]:
    """The problems of a stack's file after the changes, each without the file and the namespace.

    `secrets` are the stack's valid ones by default, and all of them are encrypted unless `encrypted` names which.
    """
    start = f"Pulumi.{stack}.yaml: {NAMESPACE}"
    good = good_secrets(stack)
    with configured(changed(written(stack), *changes), good if secrets is None else secrets, encrypted, stack):
        try:
            load()
        except ConfigurationError as error:
            lines = str(error).splitlines()
            assert all(line.startswith(start) for line in lines), lines
            return [line.removeprefix(start) for line in lines]
    return []
