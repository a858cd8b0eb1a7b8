"""Set-up of the sandbox on a fresh machine: virtual environment, engine, plugins (standard library only).

Each step is done once per input, so a second run takes no time. Run it as `python3 -m sandbox.toolchain.set_up`.
"""

import argparse
import json
import re
import secrets
import shutil
import sys
import sysconfig
import time
from pathlib import Path

from sandbox.project.isolated import engine, official
from sandbox.project.paths import Paths, write_private
from sandbox.project.wrapper import write_wrapper
from sandbox.toolchain.build import build, build_linter
from sandbox.toolchain.official import find_official, official_engine
from sandbox.toolchain.plugins import PLUGINS, install_plugins
from sandbox.toolchain.steps import SandboxError, Step, clear_line, interrupt_on_termination, run_step

MINIMUM_PYTHON = (3, 11)
REQUIREMENTS = "requirements-dev.txt"


def main(arguments: list[str] | None = None) -> int:
    """Run the set-up. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m sandbox.toolchain.set_up", description=__doc__)
    parser.add_argument(
        "--only", choices=["venv", "linters"], help="the virtual environment alone, or also what `make check` needs"
    )
    given = parser.parse_args(arguments)
    paths = Paths.of()
    interrupt_on_termination()
    started = time.monotonic()
    try:
        if sys.version_info < MINIMUM_PYTHON:
            raise SandboxError(
                f"Python {MINIMUM_PYTHON[0]}.{MINIMUM_PYTHON[1]} or newer is needed, this is {sys.version}"
            )
        set_up(paths, only=given.only)
    except (SandboxError, OSError) as error:
        clear_line()
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        clear_line()
        print("sandbox: interrupted; run the same command again, finished steps are kept", file=sys.stderr)
        return 130
    if (spent := time.monotonic() - started) > 1:
        print(f"  set up in {spent:.0f} s, all of it in {paths.home}")
    return 0


def set_up(paths: Paths, *, only: str | None) -> None:
    """Everything that `python -m sandbox` needs, or only the part `only`."""
    paths.home.mkdir(parents=True, exist_ok=True)
    make_venv(paths)
    if only == "linters":
        build_linter(paths)
    if only:
        return
    make_toolchain(paths)
    for folder in (paths.state, paths.project, paths.run, paths.logs):
        folder.mkdir(parents=True, exist_ok=True)
    if not paths.passphrase.exists():
        write_private(paths.passphrase, secrets.token_urlsafe(32))


def make_venv(paths: Paths) -> None:
    """A virtual environment with exactly the locked requirements; the clouds' SDKs are compiled when they are used."""
    lock = (paths.checkout / REQUIREMENTS).read_text()

    def install(step: Step) -> None:
        shutil.rmtree(paths.venv, ignore_errors=True)
        # In the sandbox's shell this runs in the environment that is being replaced, so the new one is created without
        # it.
        step.command([sys._base_executable, "-m", "venv", paths.venv])  # type: ignore[attr-defined] as venv itself does
        try:
            _install_with_uv(paths, lock, step)
        except SandboxError:
            step.say("uv does not reach a package index here; installing with pip, which takes longer")
            step.command([*_pip(paths), "--no-compile", "-r", paths.checkout / REQUIREMENTS])
        # The program compiles the modules of the SDKs that it imports, in its own way: compiling all takes 45 CPU
        # seconds.
        packages = sysconfig.get_path("purelib", vars={"base": str(paths.venv)})
        step.command([paths.python, "-m", "compileall", "-q", "-j", "0", "-x", "/pulumi_(aws|cloudflare)/", packages])

    run_step(
        paths,
        "virtual environment",
        inputs=[lock, sys.version, sys.base_prefix, str(paths.venv)],
        outputs=[paths.python, paths.venv / "bin" / "uv"],
        action=install,
    )


def make_toolchain(paths: Paths) -> None:
    """The engine and its plugins, and the wrapper that runs the engine in the overlay."""
    found = official_engine(paths)
    wanted = {plugin.name: plugin.version(paths) for plugin in PLUGINS}

    def probe(step: Step) -> None:
        chosen = find_official(paths, wanted, step) if found else None
        step.say(f"using the official engine {chosen}" if chosen else "no official engine with plugins to be had here")
        paths.toolchain.write_text(json.dumps({"official": str(chosen) if chosen else None}))

    run_step(paths, "official engine", inputs=[str(found), json.dumps(wanted)], outputs=[paths.toolchain], action=probe)
    if official(paths) is None:
        build(paths)
        install_plugins(paths)
    write_wrapper(paths, engine(paths))


def _install_with_uv(paths: Paths, lock: str, step: Step) -> None:
    """Install with the uv of the same lock file, which works in parallel."""
    installer = paths.home / "installer.txt"
    installer.write_text(_locked(lock, "uv"))
    step.command([*_pip(paths), "--no-deps", "-r", installer])
    installer.unlink()
    uv = paths.venv / "bin" / "uv"
    step.command(
        [uv, "pip", "install", "--python", paths.python, "--require-hashes", "-r", paths.checkout / REQUIREMENTS]
    )


def _pip(paths: Paths) -> list[str | Path]:
    return [paths.python, "-m", "pip", "install", "--require-hashes"]


def _locked(lock: str, name: str) -> str:
    """The lines of one package in a lock file."""
    match = re.search(rf"^{re.escape(name)}==.*(\n    --hash=.*)*", lock, re.MULTILINE)
    if match is None:
        raise SandboxError(f"{REQUIREMENTS} has no {name}; run `make requirements`")
    return match[0] + "\n"


if __name__ == "__main__":
    sys.exit(main())
