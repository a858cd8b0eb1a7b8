"""Brings the platform up: clouds, stacks, and the engine's own run with its progress on the screen."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

from sandbox import clouds, processes, project
from sandbox.environment import environment
from sandbox.paths import Paths
from sandbox.processes import Server
from sandbox.steps import SandboxError

GRACE_SECONDS = 30.0
THROWN_AWAY_GRACE_SECONDS = 3.0
RUN_VARIABLE = "SANDBOX_RUN"

Say = Callable[[str], None]


def bring_up(paths: Paths, stacks: list[str], say: Say) -> dict[str, Server]:
    """Bring the stacks up, in order, and return the clouds they live in.

    Whatever ends it early, nothing that it started keeps running but the clouds, and those only after an error of the
    engine, so that they can be looked at.
    """
    if not paths.wrapper.is_file() or not paths.passphrase.is_file():
        raise SandboxError("the sandbox is not set up; run `make sandbox`")
    project.refresh(paths)
    clouds.release_dead_locks(paths)
    if clouds.cut_off(paths):
        say("the last change was killed in the middle: starting over with an empty cloud")
        clouds.stop(paths)
    fresh: list[str] = []
    try:
        before = time.monotonic()
        servers, fresh = clouds.start(paths)
        for name in fresh:
            say(f"{name} emulator started on {servers[name].url} ({time.monotonic() - before:.1f} s)")
        if lost := clouds.forget_lost_states(paths, servers):
            say(lost)
        variables = environment(paths, servers["aws"].url)
        for stack in stacks:
            initialise(paths, stack, variables, say)
            run_engine(paths, stack, variables, say, THROWN_AWAY_GRACE_SECONDS if fresh else GRACE_SECONDS)
    except KeyboardInterrupt:
        # A change that was cut off leaves the cloud in a state that no stack describes.
        stopped = clouds.stop(paths, None if clouds.cut_off(paths) else fresh)
        say(f"interrupted{'; ' + ', '.join(stopped) + ' stopped' if stopped else ''}; run `make sandbox` to go on")
        raise
    return servers


def initialise(paths: Paths, stack: str, variables: Mapping[str, str], say: Say) -> None:
    """Make the stack in the sandbox's backend where it is missing, with its secrets; the first one is then selected."""
    if not clouds.initialised(paths, stack):
        say(f"stack {stack}: new in the sandbox's state")
        _quietly(paths, ["stack", "init", stack, f"--no-select={stack != project.STACKS[0]}".lower()], variables)
    project.set_secrets(paths, stack, variables)


def run_engine(paths: Paths, stack: str, variables: Mapping[str, str], say: Say, grace: float) -> None:
    """`pulumi up` of one stack, given `grace` seconds to end well on Ctrl-C. Raises SandboxError when it fails."""
    say(f"stack {stack}: pulumi up")
    run = secrets.token_hex(8)
    # A terminal sends its Ctrl-C to the engine as well. Without one, a group of its own lets only this process ask it,
    # for an engine that is asked twice drops what is under way.
    at_terminal = sys.stdin.isatty()
    process = subprocess.Popen(
        [paths.wrapper, "up", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs"],
        cwd=paths.checkout,
        env={**variables, RUN_VARIABLE: run},
        stdin=None if at_terminal else subprocess.DEVNULL,
        process_group=None if at_terminal else 0,
    )
    try:
        status = process.wait()
    except KeyboardInterrupt:
        say("stopping the engine; Ctrl-C again ends it at once")
        if not at_terminal:
            process.send_signal(signal.SIGINT)
        _let_finish(process, grace)
        raise
    finally:
        processes.end(_started_in(run))
    if status:
        raise SandboxError(
            f"stack {stack}: `pulumi up` failed, its messages are above. The clouds keep running: look with "
            "`make sandbox-shell`, change what is wrong and run `make sandbox` again, or stop with `make sandbox-down`."
        )


def _let_finish(process: "subprocess.Popen[bytes]", grace: float) -> None:
    """Wait until the engine has ended what is under way, then make it end."""
    with suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        process.wait(grace)
    process.kill()
    process.wait()


def _started_in(run: str) -> list[psutil.Process]:
    """What an engine's run started and left, wherever it moved in the process tree."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid() and process.environ().get(RUN_VARIABLE) == run:
                found.append(process)
    return found


def _quietly(paths: Paths, arguments: list[str], variables: Mapping[str, str]) -> None:
    answer = subprocess.run(
        [paths.wrapper, *arguments, "--non-interactive"],
        cwd=paths.checkout,
        env=dict(variables),
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise SandboxError(f"`pulumi {' '.join(arguments)}` failed: {answer.stderr.strip()}")
