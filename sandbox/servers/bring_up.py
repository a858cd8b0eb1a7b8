"""Brings the platform up: starts the clouds, creates the stacks, and runs `pulumi up` for each."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.paths import Paths
from sandbox.servers import clouds, processes
from sandbox.servers.processes import Server
from sandbox.toolchain.steps import SandboxError

GRACE_SECONDS = 30.0
THROWN_AWAY_GRACE_SECONDS = 3.0
RUN_VARIABLE = "SANDBOX_RUN"

Say = Callable[[str], None]


def bring_up(paths: Paths, stacks: list[str], say: Say) -> dict[str, Server]:
    """Bring the stacks up, in order, and return their servers.

    If this ends early, nothing that it started keeps running, except the clouds after an error of the engine, so that
    they can be examined.
    """
    if not paths.wrapper.is_file() or not paths.passphrase.is_file():
        raise SandboxError("the sandbox is not set up; run `make sandbox`")
    for note in project.refresh(paths):
        say(note)
    clouds.release_dead_locks(paths)
    if stopped := clouds.stop_for_other_plugins(paths):
        say(f"the engine has other plugins than before: {', '.join(stopped)} stopped, to start from nothing")
    fresh: list[str] = []
    try:
        servers, fresh = clouds.start(paths)
        for name in fresh:
            say(f"{servers[name].title} started on {servers[name].url}")
        for line in clouds.forget_lost_states(paths, servers):
            say(line)
        variables = environment(paths, processes.urls(paths))
        for stack in clouds.cut_off(paths):
            recover(paths, stack, variables, say)
        # A stack may refer to any other, even to one without resources.
        for stack in project.stacks(paths):
            initialise(paths, stack, variables, say)
        for stack in stacks:
            run_engine(paths, stack, variables, say, THROWN_AWAY_GRACE_SECONDS if fresh else GRACE_SECONDS)
    except KeyboardInterrupt:
        stopped = clouds.stop(paths, fresh)
        say(f"interrupted{'; ' + ', '.join(stopped) + ' stopped' if stopped else ''}; run `make sandbox` to continue")
        raise
    return servers


def recover(paths: Paths, stack: str, variables: Mapping[str, str], say: Say) -> None:
    """Reconcile a stack's state with its cloud, by `ops recover`. Raises SandboxError."""
    say(f"stack {stack}: a change was killed in the middle, or its state is damaged; ops recover {stack}")
    answer = subprocess.run([paths.launcher, "recover", "--yes", stack], cwd=paths.checkout, env=dict(variables))
    if answer.returncode:
        raise SandboxError(
            f"stack {stack}: `ops recover` failed, its messages are above. The clouds keep running: look with "
            "`make sandbox-shell`, or start from nothing with `make sandbox-down` and `make sandbox`."
        )


def initialise(paths: Paths, stack: str, variables: Mapping[str, str], say: Say) -> None:
    """Create the stack with its secrets in the sandbox's backend if it is missing; the first one is selected."""
    if not clouds.initialised(paths, stack):
        say(f"stack {stack}: new in the sandbox's state")
        _quietly(paths, ["stack", "init", stack, f"--no-select={stack != project.stacks(paths)[0]}".lower()], variables)
    project.set_secrets(paths, stack, variables)


def run_engine(paths: Paths, stack: str, variables: Mapping[str, str], say: Say, grace: float) -> None:
    """`pulumi up` of one stack, with `grace` seconds to end gracefully on Ctrl-C. Raises SandboxError if it fails."""
    say(f"stack {stack}: pulumi up")
    run = secrets.token_hex(8)
    # A terminal sends its Ctrl-C to the engine as well. Without one, the engine has its own process group, so that only
    # this process asks it to end: if it is asked twice, it abandons running operations.
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
    """Wait until the engine has completed running operations, then end it."""
    with suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        process.wait(grace)
    process.kill()
    process.wait()


def _started_in(run: str) -> list[psutil.Process]:
    """Processes that an engine's run started and left, wherever they are in the process tree."""
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
