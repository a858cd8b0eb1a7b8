"""The command line of the sandbox application: `python -m sandbox.application --port 4611 --aws URL --region NAME`."""

import argparse
import signal
import sys

from sandbox.application.server import serve
from sandbox.aws.__main__ import leave


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.application", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port to listen on; all regions share it")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--aws", required=True, help="address of the emulated AWS")
    parser.add_argument("--region", action="append", default=[], help="region of a stack; given once for each")
    return parser.parse_args(arguments)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        serve(options.host, options.port, options.aws, options.region)
    except OSError as problem:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {problem.strerror or problem}")


if __name__ == "__main__":
    main()
