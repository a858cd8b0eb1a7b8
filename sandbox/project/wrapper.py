"""The `pulumi` of the sandbox's shell, which leads the engine to the overlay, and its `ops`: shell scripts, because
they run before every command (standard library only)."""

import shlex
from pathlib import Path

from sandbox.project.paths import Paths, write_program

TEMPLATE = r"""#!/bin/sh
# Made by the sandbox's set-up (sandbox/project/wrapper.py). In the checkout's project the engine works in the overlay,
# so that no committed file changes; anywhere else this is plain pulumi.
engine=@engine@ checkout=@checkout@ project=@project@ rendered=@rendered@ python=@python@

folder=$PWD
while [ -n "$folder" ] && [ ! -e "$folder/Pulumi.yaml" ]; do folder=${folder%/*}; done
[ "$folder" -ef "$checkout" ] || [ "$folder" -ef "$project" ] || exec "$engine" "$@"
for argument in "$@"; do
    case $argument in -C* | --cwd | --cwd=*) exec "$engine" "$@" ;; esac
done

for committed in "$checkout"/Pulumi.yaml "$checkout"/Pulumi.*.yaml; do
    if [ -e "$committed" ] && ! cmp -s "$committed" "$rendered/${committed##*/}"; then
        (cd "$checkout" && exec "$python" -m sandbox.project.project) || exit 1
        break
    fi
done

# The engine starts in another folder, so names of files on the command line are made absolute first.
absolute() {
    case $1 in "" | -* | /* | *://*) printf %s "$1" ;; *) printf %s "$PWD/$1" ;; esac
}
command="${1-} ${2-}" count=$# place=0 previous=
while [ "$place" -lt "$count" ]; do
    argument=$1 place=$((place + 1))
    shift
    case $argument in
    --*=*)
        case ${argument%%=*} in
        --policy-pack | --policy-pack-config | --plan | --save-plan | --file | --config-file | --import-file | --out)
            argument=${argument%%=*}=$(absolute "${argument#*=}") ;;
        esac ;;
    *)
        case $previous in
        --policy-pack | --policy-pack-config | --plan | --save-plan | --file | --config-file | --import-file | --out)
            argument=$(absolute "$argument") ;;
        -f | -o)
            case $command in import*) argument=$(absolute "$argument") ;; esac ;;
        -s | --stack | *-color) ;;
        *)
            # The one file that a command takes without a flag.
            case $command in "stack graph") [ "$place" -le 2 ] || argument=$(absolute "$argument") ;; esac ;;
        esac ;;
    esac
    previous=$argument
    set -- "$@" "$argument"
done

cd "$project" && exec "$engine" "$@"
"""

LAUNCHER = """#!/bin/sh
# Made by the sandbox's set-up (sandbox/project/wrapper.py).
PYTHONPATH=@checkout@${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
# Without -P the folder that it is called in would come before the checkout.
exec @python@ -P -m ops "$@"
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
    for program, text in ((paths.wrapper, TEMPLATE), (paths.launcher, LAUNCHER)):
        for name, path in places.items():
            text = text.replace(f"@{name}@", shlex.quote(str(path)))
        if not program.is_file() or program.read_text() != text:
            write_program(program, text)
