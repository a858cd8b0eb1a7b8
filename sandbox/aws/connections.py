"""Connections that get no answer: dropped, or held without a thread until somebody gives up."""

import errno
import threading
from contextlib import suppress
from socket import MSG_DONTWAIT, SHUT_RDWR, socket

from cheroot.server import HTTPConnection


def dropped() -> ConnectionAbortedError:
    """The error that ends a request by closing its connection, without an answer."""
    # The server closes without a word after an error with this number, and answers 500 after any other.
    return ConnectionAbortedError(errno.ECONNABORTED, "the region is blacked out")


class Connections:
    """The connections that wait for an answer that does not come."""

    def __init__(self) -> None:
        self.parked: list[socket] = []
        self.lock = threading.Lock()

    def park(self, connection: HTTPConnection) -> None:
        """Keep the connection open and silent, once its request has ended as `dropped`."""
        # A lingering connection is the one kind that the server forgets without closing.
        connection.linger = True
        # With the server's own time limit on it, even a read that must not wait would wait that long, under the lock.
        connection.socket.settimeout(0)
        with self.lock:
            self.parked = [other for other in self.parked if _waits(other)]
            self.parked.append(connection.socket)

    def release(self) -> None:
        """Close all parked connections: their clients may try again."""
        with self.lock:
            released = self.parked.copy()
            self.parked.clear()
        for client in released:
            _end(client)


def _end(client: socket) -> None:
    """Close it at once: `close` alone waits for the server's readers and writers to let go of it."""
    with suppress(OSError):
        client.shutdown(SHUT_RDWR)
    client.close()


def _waits(client: socket) -> bool:
    """Whether the client is still there; one that went away is closed."""
    try:
        gone = client.recv(65536, MSG_DONTWAIT) == b""
    except BlockingIOError:
        return True
    except OSError:
        gone = True
    if gone:
        _end(client)
    return not gone
