"""The sandbox's `pulumi`, which runs the engine in the overlay, and its `ops` (standard library only).

Both are shell scripts, because they run before every command. The engine's own `-C` selects the overlay, so relative
file names among its arguments start there, at $ASKPROAI_PROJECT. Translating them would need a table of the flags of
every command.
"""

import shlex
from pathlib import Path

from sandbox.project.paths import Paths, write_program

PLACES = """checkout=@checkout@ project=@project@ rendered=@rendered@ python=@python@"""
RENDER = r"""for committed in "$checkout"/Pulumi.yaml "$checkout"/Pulumi.*.yaml; do
    if [ -e "$committed" ] && ! cmp -s "$committed" "$rendered/${committed##*/}"; then
        (cd "$checkout" && exec "$python" -m sandbox.project.project) >&2 || exit 1
        break
    fi
done"""
"""After a change of a committed file the overlay is rendered again. Its output goes to standard error, because programs
read the command's own output."""

PULUMI = rf"""#!/bin/sh
# Made by the sandbox's set-up (sandbox/project/wrapper.py). In the checkout's project the engine works in the overlay,
# so that no committed file changes; anywhere else this is plain pulumi.
engine=@engine@ {PLACES}

folder=$PWD
while [ -n "$folder" ] && [ ! -e "$folder/Pulumi.yaml" ]; do folder=${{folder%/*}}; done
[ "$folder" -ef "$checkout" ] || [ "$folder" -ef "$project" ] || exec "$engine" "$@"

{RENDER}
exec "$engine" -C "$project" "$@"
"""

OPS = rf"""#!/bin/sh
# Made by the sandbox's set-up (sandbox/project/wrapper.py).
{PLACES}

if [ "$ASKPROAI_PROJECT" -ef "$project" ]; then
{RENDER}
fi
PYTHONPATH=$checkout${{PYTHONPATH:+:$PYTHONPATH}}
export PYTHONPATH
# Without -P the folder that it is called in would come before the checkout.
exec "$python" -P -m ops "$@"
"""


def write_wrapper(paths: Paths, engine: Path) -> None:
    """Write the wrapper for an engine, and the launcher of the operators' commands."""
    places = {
        "engine": engine,
        "checkout": paths.checkout,
        "project": paths.project,
        "rendered": paths.rendered,
        "python": paths.python,
    }
    for program, text in ((paths.wrapper, PULUMI), (paths.launcher, OPS)):
        for name, path in places.items():
            text = text.replace(f"@{name}@", shlex.quote(str(path)))
        if not program.is_file() or program.read_text() != text:
            write_program(program, text)
