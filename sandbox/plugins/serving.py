"""The life cycle of a plugin: it prints its port, serves the engine, and ends with it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

# The engine's own limit: states of large stacks pass through single messages.
MAX_MESSAGE_BYTES = 400 << 20
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]
# The provider's waits are long and concurrent: one thread for each resource in flight.
WORKERS = 128
PARENT_POLL_SECONDS = 0.5


def engine_address() -> str:
    """The engine's address: the one argument that is not a flag."""
    return next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Serve until the engine stops this process (SIGINT, SIGTERM), or has itself been killed."""
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=CHANNEL_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # The engine takes the first line as the port: nothing may be printed before it.
    print(port, flush=True)
    server.wait_for_termination()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(0)
