"""The overlay: the committed project as the engine sees it in the sandbox, with the sandbox's own secrets.

A stack file names the secrets provider its secrets are encrypted for, and the engine writes its salt into it. So the
sandbox never gives the engine a committed stack file: it renders each into `.sandbox/project/`, again whenever the
committed one changes. `pulumi config set` in the sandbox lands in the rendered file and holds until then.
"""

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.paths import Paths, write_private
from sandbox.steps import SandboxError

STACKS = ("prod",)
"""The stacks of the platform, in the order in which one needs the other's outputs."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret of the platform: where its key is wanted, and how the sandbox makes a value that AWS accepts."""

    key: str
    wanted_with: str
    make: Callable[[], str]
    why: str


SECRETS = (
    Secret(
        key="database_password",
        wanted_with="database",
        make=lambda: secrets.token_urlsafe(24),
        why='RDS takes 8 to 41 printable characters other than / @ " and space',
    ),
    Secret(
        key="cache_auth_token",
        wanted_with="cache",
        make=lambda: secrets.token_hex(24),
        why="ElastiCache takes 16 to 128 letters and digits",
    ),
    Secret(
        key="app_key",
        wanted_with="web",
        make=lambda: "base64:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        why="Laravel's AES-256 key",
    ),
)


def project_name(paths: Paths) -> str:
    """The name in Pulumi.yaml: the namespace of its configuration keys."""
    return str(_load(paths.checkout / "Pulumi.yaml")["name"])


def stacks(paths: Paths) -> list[str]:
    """The platform's stacks that have a committed stack file."""
    return [stack for stack in STACKS if stack_file(paths, stack).is_file()]


def stack_file(paths: Paths, stack: str) -> Path:
    """A stack's committed file."""
    return paths.checkout / f"Pulumi.{stack}.yaml"


def setting(paths: Paths, stack: str, key: str) -> object:
    """A value of a stack's committed file, None where it is not given."""
    return _config(_load(stack_file(paths, stack))).get(f"{project_name(paths)}:{key}")


def refresh(paths: Paths) -> None:
    """Render every committed file that changed since it was last rendered, and forget those that are gone."""
    committed = {path.name: path for path in paths.checkout.glob("Pulumi*.yaml") if path.name.split(".")[0] == "Pulumi"}
    if "Pulumi.yaml" not in committed:
        raise SandboxError(f"{paths.checkout} holds no Pulumi.yaml: run this in a checkout of the platform")
    for name, path in committed.items():
        text = path.read_text()
        copy = paths.rendered / name
        if copy.is_file() and (paths.project / name).is_file() and copy.read_text() == text:
            continue
        content = _mapping(text, path)
        if name == "Pulumi.yaml":
            rendered = render_project(content, paths)
        else:
            rendered = render_stack(content, _load(paths.project / name), project_name(paths), path.name)
        write_private(paths.project / name, yaml.safe_dump(rendered, sort_keys=False))
        write_private(copy, text)
    for copy in paths.rendered.glob("*.yaml"):
        if copy.name not in committed:
            (paths.project / copy.name).unlink(missing_ok=True)
            copy.unlink()


def render_project(committed: Mapping[str, object], paths: Paths) -> dict[str, object]:
    """The overlay's Pulumi.yaml: the program stays in the checkout, the interpreter is the sandbox's."""
    runtime = committed.get("runtime")
    given = runtime if isinstance(runtime, dict) else {"name": runtime}
    options = {**(given.get("options") or {}), "virtualenv": str(paths.venv)}
    rest = {key: value for key, value in committed.items() if key != "backend"}
    main = os.path.relpath(paths.checkout / str(committed.get("main") or "."), paths.project)
    return {**rest, "runtime": {**given, "options": options}, "main": main}


def render_stack(
    committed: Mapping[str, object], current: Mapping[str, object], project: str, file_name: str
) -> dict[str, object]:
    """A stack file for the sandbox: the committed values, with the secrets of `current`, the overlay's file so far.

    Raises SandboxError for a committed secret that the sandbox has no value for.
    """
    values = _config(committed)
    known = {f"{project}:{secret.key}" for secret in SECRETS}
    unknown = [key for key, value in values.items() if _is_secret(value) and key not in known]
    if unknown:
        raise SandboxError(
            f"{file_name}: no sandbox value for {', '.join(unknown)}; add a row to SECRETS in {__name__}"
        )
    config = {key: _without_secrets(value) for key, value in values.items() if not _is_secret(value)}
    config |= {key: value for key, value in _config(current).items() if _is_secret(value) and key in known}
    provider = ("secretsprovider", "encryptedkey", "encryptionsalt", "environment", "config")
    rest = {key: value for key, value in committed.items() if key not in provider}
    salt = {"encryptionsalt": current["encryptionsalt"]} if current.get("encryptionsalt") else {}
    return {**salt, **rest, "config": config}


def set_secrets(paths: Paths, stack: str, environment: Mapping[str, str]) -> None:
    """Give a stack the secrets it wants and has not got, encrypted for the sandbox."""
    project = project_name(paths)
    committed, current = (_config(_load(file / f"Pulumi.{stack}.yaml")) for file in (paths.checkout, paths.project))
    for secret in SECRETS:
        key = f"{project}:{secret.key}"
        wanted = key in committed or f"{project}:{secret.wanted_with}" in committed
        if not wanted or _is_secret(current.get(key)):
            continue
        answer = subprocess.run(
            [paths.wrapper, "config", "set", "--secret", "--stack", stack, key],
            cwd=paths.checkout,
            env=dict(environment),
            input=secret_value(paths, secret),
            capture_output=True,
            text=True,
        )
        if answer.returncode:
            raise SandboxError(f"stack {stack}: the secret {key} could not be set: {answer.stderr.strip()}")


def secret_value(paths: Paths, secret: Secret) -> str:
    """The sandbox's value of a secret: made once, the same in every stack."""
    values = json.loads(paths.secrets.read_text()) if paths.secrets.exists() else {}
    if secret.key not in values:
        values[secret.key] = secret.make()
        write_private(paths.secrets, json.dumps(values, indent=2))
    return str(values[secret.key])


def _config(content: Mapping[str, object]) -> dict[str, object]:
    config = content.get("config")
    return dict(config) if isinstance(config, dict) else {}


def _is_secret(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _without_secrets(value: object) -> object:
    """A structured value without the secrets in it."""
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items() if not _is_secret(part)}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value if not _is_secret(part)]
    return value


def _load(path: Path) -> dict[str, object]:
    return _mapping(path.read_text(), path) if path.is_file() else {}


def _mapping(text: str, path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SandboxError(f"{path} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise SandboxError(f"{path}: expected keys and values")
    return content


if __name__ == "__main__":
    try:
        refresh(Paths.of())
    except SandboxError as problem:
        raise SystemExit(f"sandbox: {problem}") from None
