"""Runs one Pulumi program for the language host, and shows its errors as Pulumi shows them."""

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import configure, resource, run_in_stack, stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import SETTINGS, Settings
from pulumi.runtime.stack import wait_for_rpcs

from sandbox.plugins.run import BAIL, RUN_VARIABLE

# Without a limit, the engine's number of parallel operations is the largest integer.
MOST_THREADS = 256


def main() -> int:
    """Run the program that the host describes in the environment; returns the exit code."""
    run = json.loads(os.environ.pop(RUN_VARIABLE))
    _configure(run)
    _keep_no_callers()
    _send_no_debug_messages()
    _begin_what_is_scheduled()
    program = Path(run["program"]).resolve()
    sys.argv = [str(program), *run["arguments"]]
    sys.path[0] = str(program)
    # Cancelled tasks of a failing program would repeat the error it has already shown.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_deploy(program, run["parallel"]))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return BAIL
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return BAIL
    except Exception as error:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _program_traceback(error))
        return BAIL
    return 0


def _configure(run: dict[str, Any]) -> None:
    configure(
        Settings(
            project=run["project"],
            stack=run["stack"],
            organization=run["organization"],
            monitor=run["monitor"],
            engine=run["engine"],
            parallel=run["parallel"],
            dry_run=run["dry_run"],
            root_directory=run["root_directory"],
        )
    )
    set_all_config(run["config"], run["secret_keys"])


def _keep_no_callers() -> None:
    """Tell the engine where a resource is declared, and not all its callers down to the interpreter's first frame.

    The engine keeps the callers in the state, which it writes after each step: of prod's 3.4 MB they are 1.5 MB.
    """
    whole = resource._get_stack_trace

    def declared_at() -> Any:
        trace = whole()
        del trace.frames[1:]
        return trace

    resource._get_stack_trace = declared_at


def _send_no_debug_messages() -> None:
    """Skip the SDK's log call to the engine for each registration, for whose answer it waits.

    Only `--debug` shows it. Without it an `up` of prod takes 21 CPU seconds instead of 23.
    """
    pulumi.log.debug = lambda *_message, **_options: None


def _begin_what_is_scheduled() -> None:
    """Make the SDK's last wait include the registration of the stack's outputs.

    It waits for calls that have started. This one is scheduled just before, and if nothing else is left to wait for, as
    after `_wait_for_declared`, the program could end without it: a stack without outputs, and no error.
    """
    waits = stack.wait_for_rpcs

    async def begun(*given: Any, **options: Any) -> None:
        await asyncio.sleep(0)
        await waits(*given, **options)

    stack.wait_for_rpcs = begun


async def _deploy(program: Path, parallel: int) -> None:
    # Each resource in flight holds a thread; asyncio's own pool is a few more than there are cores.
    pool = ThreadPoolExecutor(max_workers=min(parallel, MOST_THREADS))
    asyncio.get_running_loop().set_default_executor(pool)
    await run_in_stack(lambda: _execute(program))


async def _execute(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")
    await _wait_for_declared()


async def _wait_for_declared() -> None:
    """Wait until everything that the program declared is registered, or the first registration fails.

    The SDK then has nothing left to wait for, or raises the failure. Its own wait looks at every pending output after
    each one that is done, which takes longer than all the rest of a large program.
    """
    while True:
        await wait_for_rpcs(await_all_outstanding_tasks=False)
        pending = list(cast("set[asyncio.Task[Any]]", SETTINGS.outputs))
        if not pending:
            return
        done, _pending = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


def _program_traceback(error: BaseException) -> str:
    """The traceback from the program's own first frame on, without our frames above it."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_name != "<module>":
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame or error.__traceback__))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the SDK may still wait for calls that the engine has cancelled.
    os._exit(code)
