"""An interactive shell in the sandbox's environment, marked in its prompt."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping

from sandbox.project.paths import Paths

GREETING = "AskProAI sandbox: pulumi, ops, the AWS CLI and boto3 work on the emulated clouds. Leave with `exit`."
RC_FILE = """[ -r ~/.bashrc ] && . ~/.bashrc
export PATH={path}
PS1="(sandbox) $PS1"
"""


def open_shell(paths: Paths, environment: Mapping[str, str]) -> None:
    """Replace this process with a shell: bash with the user's start-up file, or the user's own shell without bash."""
    bash = shutil.which("bash")
    if not sys.stdin.isatty():
        program = bash or "/bin/sh"
        os.execve(program, [program], dict(environment))
    print(GREETING, flush=True)
    if bash:
        # The user's start-up file may reset PATH.
        rc_file = paths.run / "bashrc"
        rc_file.write_text(RC_FILE.format(path=shlex.quote(environment["PATH"])))
        os.execve(bash, [bash, "--rcfile", str(rc_file), "-i"], dict(environment))
    program = environment.get("SHELL", "/bin/sh")
    os.execve(program, [program, "-i"], {**environment, "PS1": "(sandbox) $ "})
