"""The command line of the emulated Cloudflare: `python -m sandbox.cloudflare --port 4611 --zone <id>=<domain>`."""

import argparse
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType

from sandbox.cloudflare.server import Application, serve
from sandbox.cloudflare.store import Store

HEX = re.compile(r"[0-9a-f]{32}")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.cloudflare", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port to listen on, for the API and for visitors")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--account", type=identifier, default="0" * 32, help="the account, 32 hexadecimal digits")
    parser.add_argument(
        "--zone", type=zone, action="append", default=[], metavar="ID=DOMAIN", help="a zone; may be given again"
    )
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--application", metavar="URL", help="where the application server answers for all origins")
    origin.add_argument("--application-record", type=Path, metavar="FILE", help="JSON with its port, read when needed")
    return parser.parse_args(arguments)


def identifier(text: str) -> str:
    """A Cloudflare ID. Raises ArgumentTypeError."""
    if not HEX.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 32 hexadecimal digits")
    return text


def zone(text: str) -> tuple[str, str]:
    """A zone's id and domain. Raises ArgumentTypeError."""
    key, _, domain = text.partition("=")
    if not domain:
        raise argparse.ArgumentTypeError(f"{text!r}: want <id>=<domain>")
    return identifier(key), domain.lower()


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End the process immediately: nothing in it must outlive it."""
    os._exit(0)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    application = Application(options.application, options.application_record)
    try:
        serve(options.host, options.port, Store(options.account, dict(options.zone)), application)
    except OSError as problem:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {problem.strerror or problem}")


if __name__ == "__main__":
    main()
