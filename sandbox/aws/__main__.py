"""The command line of the emulated AWS: `python -m sandbox.aws --port 4566`."""

import argparse
import os
import signal
import sys
from types import FrameType

from sandbox.aws.server import serve


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of all regions; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--account", default="123456789012", help="account every key belongs to (default: %(default)s)")
    return parser.parse_args(arguments)


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End the process immediately: nothing in it must outlive it, and deallocating its memory would take seconds."""
    os._exit(0)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        serve(options.host, options.port, options.account)
    except OSError as problem:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {problem.strerror or problem}")


if __name__ == "__main__":
    main()
