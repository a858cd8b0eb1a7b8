"""An isolated sandbox, for tests and benchmarks: it shares the tools, but has its own state, stacks and clouds."""

import json
import secrets
from pathlib import Path

from sandbox.project.paths import Paths, write_private
from sandbox.project.wrapper import write_wrapper
from sandbox.toolchain.steps import SandboxError

SHARED = ("venv", "engine", "toolchain.json", "pulumi-home/plugins", "debian")


def isolated(tools: Paths, home: Path) -> Paths:
    """Make the folder `home` a sandbox with the tools of another one. Raises SandboxError if that is not set up."""
    if not tools.toolchain.is_file():
        raise SandboxError("the sandbox is not set up; run `make set-up`")
    paths = Paths(tools.checkout, home)
    for folder in (paths.state, paths.project, paths.pulumi_home, paths.run, paths.logs):
        folder.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        if not (home / name).is_symlink():
            (home / name).symlink_to(tools.home / name)
    if not paths.passphrase.exists():
        write_private(paths.passphrase, secrets.token_urlsafe(32))
    write_wrapper(paths, engine(paths))
    return paths


def engine(paths: Paths) -> Path:
    """The engine that the set-up chose."""
    return official(paths) or paths.engine / "pulumi"


def official(paths: Paths) -> Path | None:
    """Pulumi's own engine, if the set-up found it with its plugins."""
    found = json.loads(paths.toolchain.read_text())["official"]
    return Path(found) if found else None
