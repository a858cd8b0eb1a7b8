"""Anonymous network namespaces: they exist as long as this process, and no traffic leaves them."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.toolchain.steps import SandboxError

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of the kernel's sched.h; Python has `os.setns` from 3.12 on."""
OWN = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One network namespace. Sockets that are made while it is `entered` stay in it."""

    def __init__(self) -> None:
        before = os.open(OWN, os.O_RDONLY)
        try:
            _checked(_libc.unshare(NEW_NETWORK))
            self._file = os.open(OWN, os.O_RDONLY)
        finally:
            _checked(_libc.setns(before, NEW_NETWORK))
            os.close(before)
        self.ip("link", "set", "lo", "up")

    @property
    def path(self) -> str:
        """Its path for nsenter while this process runs."""
        return f"/proc/{os.getpid()}/fd/{self._file}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Put this thread, and the processes that it starts, into the namespace."""
        before = os.open(OWN, os.O_RDONLY)
        _checked(_libc.setns(self._file, NEW_NETWORK))
        try:
            yield
        finally:
            _checked(_libc.setns(before, NEW_NETWORK))
            os.close(before)

    def ip(self, *arguments: str) -> None:
        """Run iproute2 in the namespace. Raises SandboxError if it fails."""
        self.run("ip", *arguments)

    def run(self, *command: str) -> str:
        """The output of a command in the namespace. Raises SandboxError if it fails."""
        with self.entered():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def close(self) -> None:
        """Release it; it ends with the last process in it."""
        os.close(self._file)


def connect(outside: Namespace, inside: Namespace, link: str, address: str, gateway: str, source: str) -> None:
    """Give `inside` the `address` and a route only to `gateway`; `outside` calls it from `source`."""
    outside.ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", inside.path)
    outside.ip("link", "set", link, "up")
    inside.ip("link", "set", "eth0", "up")
    inside.ip("address", "add", f"{address}/32", "dev", "eth0")
    inside.ip("route", "add", gateway, "dev", "eth0", "scope", "link", "src", address)
    inside.ip("route", "add", "default", "via", gateway, "dev", "eth0", "src", address)
    outside.ip("route", "replace", f"{address}/32", "dev", link, "src", source)


def _checked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise SandboxError(f"network namespaces cannot be used here: {os.strerror(number)}")
