"""The overlay: the committed project as the engine sees it in the sandbox, with the sandbox's own secrets.

A stack file names the provider that encrypts its secrets, and the engine writes its salt into it. So the sandbox never
gives the engine a committed stack file: it renders each into `.sandbox/project/`, and again whenever the committed one
changes. What `pulumi config set` or an operators' command writes there stays, until the emulated clouds are reset.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from project_files import PROJECT_FILE, Project, UnreadableFileError, edges
from sandbox.instances.release import RELEASE
from sandbox.instances.root import PHP_VERSION
from sandbox.project import overlay
from sandbox.project.origin_pull import origin_pull
from sandbox.project.paths import Paths, write_private
from sandbox.toolchain.steps import SandboxError

LINKED = ("policies",)
"""Folders in pulumi's arguments: they exist in the overlay as in the checkout."""
EMPTY = "config: {}\n"
VALUES: Mapping[str, object] = {
    "turned_off": ["access-analyzer", "cost-anomalies"],
    "web": {"php_version": PHP_VERSION, "blue": {"release": RELEASE}},
    "workers": {"php_version": PHP_VERSION, "release": RELEASE},
}
"""Shared values here in place of those in Pulumi.yaml: instances boot from Debian and run the sandbox's own
application, and the emulated AWS lacks two services."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret of the platform: which stacks need it, and how the sandbox generates a value that the clouds accept."""

    key: str
    wanted_by: str
    make: Callable[[], str]
    why: str


SECRETS = (
    Secret(
        key="database_password",
        wanted_by="region",
        make=lambda: secrets.token_urlsafe(24),
        why='RDS takes 8 to 41 printable characters other than / @ " and space',
    ),
    Secret(
        key="cache_auth_token",
        wanted_by="region",
        make=lambda: secrets.token_hex(24),
        why="ElastiCache takes 16 to 128 letters and digits",
    ),
    Secret(
        key="app_key",
        wanted_by="region",
        make=lambda: "base64:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        why="Laravel's AES-256 key",
    ),
    Secret(
        key="origin_pull_ca",
        wanted_by="region",
        make=lambda: origin_pull().authority,
        why="PEM: whose certificates the load balancers take from who calls them",
    ),
    Secret(
        key="origin_pull_certificate",
        wanted_by="edge",
        make=lambda: origin_pull().certificate,
        why="PEM: signed by the authority that the load balancers trust",
    ),
    Secret(
        key="origin_pull_key",
        wanted_by="edge",
        make=lambda: origin_pull().key,
        why="PEM: belongs to the certificate",
    ),
    Secret(
        key="cloudflare_api_token",
        wanted_by="edge",
        make=lambda: secrets.token_urlsafe(30),
        why="Cloudflare's tokens have 40 letters, digits, - and _",
    ),
    Secret(
        key="slack_webhook",
        wanted_by="none",
        make=lambda: f"https://127.0.0.1/{secrets.token_urlsafe(24)}",
        why="nobody is told what happens in a sandbox: a committed one is left out",
    ),
)


def project_name(paths: Paths) -> str:
    """The name in Pulumi.yaml: the namespace of its configuration keys."""
    return _asked(lambda: Project(paths.checkout).name)


def stacks(paths: Paths) -> list[str]:
    """The stacks with a committed file, in the order of their dependencies.

    A primary comes before the standby that follows it, stacks of a pair before stand-alone ones, and edges last.
    """
    committed = Project(paths.checkout)

    def order(stack: str) -> tuple[bool, bool, bool, str]:
        values = committed.values(stack)
        return values.get("role") == "edge", not values.get("follows"), values.get("role") != "primary", stack

    return _asked(lambda: sorted(committed.stacks, key=order))


def platform(paths: Paths) -> list[str]:
    """The stacks that the sandbox brings up by default: every edge and the regions behind it.

    Others are brought up only by name. Without an edge, all stacks belong to the platform.
    """
    found = edges({stack: _values(paths, stack) for stack in stacks(paths)})
    chosen = {*found, *(name for regions in found.values() for name in regions)}
    return [stack for stack in stacks(paths) if stack in chosen or not found]


def stack_file(paths: Paths, stack: str) -> Path:
    """A stack's committed file."""
    return Project(paths.checkout).file(stack)


def setting(paths: Paths, stack: str, key: str) -> object:
    """A top-level setting of a stack in the sandbox; None if it has none."""
    return _values(paths, stack).get(key)


def _values(paths: Paths, stack: str) -> Mapping[str, object]:
    overlaid = Project(paths.project)
    there = Project(paths.checkout) if not overlaid.file(stack).is_file() else overlaid
    return _asked(lambda: there.values(stack))


def refresh(paths: Paths) -> list[str]:
    """Render every committed file that changed since it was last rendered, and delete those that no longer exist.

    What was set only in the sandbox stays. Returns a line for each file in which it conflicts with a committed change.
    """
    committed = _committed(paths)
    notes = []
    for name in LINKED:
        if (paths.checkout / name).is_dir() and not (paths.project / name).is_symlink():
            paths.project.mkdir(parents=True, exist_ok=True)
            (paths.project / name).symlink_to(paths.checkout / name)
    for name, path in committed.items():
        text = path.read_text()
        copy = paths.rendered / name
        if copy.is_file() and (paths.project / name).is_file() and copy.read_text() == text:
            continue
        if name == PROJECT_FILE:
            rendered = _rendered_project(paths, text)
        else:
            overlaid = paths.project / name
            current = overlaid.read_text() if overlaid.is_file() else None
            merged = overlay.render_stack(text, _text(copy) or text, current, name, _own_keys(paths))
            rendered = merged.text
            if merged.contested:
                keys = ", ".join(merged.contested)
                notes.append(f"{name}: {keys} changed here and in the committed file: the sandbox's value stays")
        write_private(paths.project / name, rendered)
        write_private(copy, text)
    for copy in paths.rendered.glob("*.yaml"):
        if copy.name not in committed:
            (paths.project / copy.name).unlink(missing_ok=True)
            copy.unlink()
    return notes


def start_over(paths: Paths) -> list[str]:
    """Render every stack file of the overlay again from the committed one, and keep only the sandbox's secrets.

    Returns the names of the files that differed, because operations or `pulumi config set` wrote there.
    """
    refresh(paths)
    changed = []
    for name, path in _committed(paths).items():
        if name == PROJECT_FILE:
            continue
        committed, current = path.read_text(), (paths.project / name).read_text()
        bare = overlay.secrets_alone(current, name)
        fresh = overlay.render_stack(committed, EMPTY, bare, name, _own_keys(paths)).text
        if not overlay.says_the_same(fresh, current, name):
            changed.append(name)
            write_private(paths.project / name, fresh)
    return changed


def _committed(paths: Paths) -> dict[str, Path]:
    """The committed files that the engine reads, by name."""
    found = {path.name: path for path in paths.checkout.glob("Pulumi*.yaml") if path.name.split(".")[0] == "Pulumi"}
    if PROJECT_FILE not in found:
        raise SandboxError(f"{paths.checkout} holds no {PROJECT_FILE}: run this in a checkout of the platform")
    return found


def _rendered_project(paths: Paths, text: str) -> str:
    main = str(overlay.read(text, PROJECT_FILE).get("main") or ".")
    return overlay.render_project(
        text,
        PROJECT_FILE,
        interpreter=str(paths.venv),
        main=os.path.relpath(paths.checkout / main, paths.project),
        values=VALUES,
    )


def _own_keys(paths: Paths) -> set[str]:
    project = project_name(paths)
    return {f"{project}:{secret.key}" for secret in SECRETS}


def set_secrets(paths: Paths, stack: str, environment: Mapping[str, str]) -> None:
    """Give a stack the secrets that it needs and lacks, encrypted for the sandbox."""
    name = stack_file(paths, stack).name
    current = (paths.project / name).read_text()
    for secret in wanted_secrets(paths, stack):
        key = f"{project_name(paths)}:{secret.key}"
        if overlay.has_secret(current, name, key):
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


def wanted_secrets(paths: Paths, stack: str) -> list[Secret]:
    """The secrets of a stack, by its kind."""
    role = setting(paths, stack, "role")
    kind = role if role in ("edge", "account") else "region"
    return [secret for secret in SECRETS if secret.wanted_by == kind]


def secret_value(paths: Paths, secret: Secret) -> str:
    """The sandbox's value of a secret: generated once, the same in every stack.

    All are generated together, because some belong together.
    """
    values = json.loads(paths.secrets.read_text()) if paths.secrets.exists() else {}
    missing = [row for row in SECRETS if row.key not in values]
    if missing:
        values |= {row.key: row.make() for row in missing}
        write_private(paths.secrets, json.dumps(values, indent=2))
    return str(values[secret.key])


def _asked(answer: Callable[[], T]) -> T:
    """The values of the project's files. Raises SandboxError if one cannot be read."""
    try:
        return answer()
    except UnreadableFileError as error:
        raise SandboxError(str(error)) from None


def _text(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


if __name__ == "__main__":
    try:
        for note in refresh(Paths.of()):
            print(f"sandbox: {note}", file=sys.stderr)
    except SandboxError as problem:
        raise SystemExit(f"sandbox: {problem}") from None
