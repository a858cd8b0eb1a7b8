"""The sandbox's servers: started in the background, recorded, found again, and stopped."""

import json
import os
import random
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sandbox.project.paths import HOME_VARIABLE, Paths, write_private
from sandbox.toolchain.steps import SandboxError

FIRST_PORT = 4610
PORTS_TRIED = 200
START_ATTEMPTS = 3
READY_SECONDS = 60.0
STOP_SECONDS = 5.0
BRIDGE_VARIABLE = "SANDBOX_BRIDGE"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A server of the sandbox: its module, and its display name.

    `described`: stacks describe its content, so both are deleted together.
    """

    name: str
    module: str
    title: str
    described: bool


AWS = Kind(name="aws", module="sandbox.aws", title="emulated AWS", described=True)
APPLICATION = Kind(name="application", module="sandbox.application", title="sandbox application", described=False)
CLOUDFLARE = Kind(name="cloudflare", module="sandbox.cloudflare", title="emulated Cloudflare", described=True)
KINDS = (AWS, APPLICATION, CLOUDFLARE)
"""Each after those whose addresses are among its arguments (`clouds.arguments`)."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A started server; `instance` is a new ID at each start, because its memory does not survive a restart."""

    name: str
    pid: int
    started: float
    port: int
    instance: str

    @property
    def title(self) -> str:
        """Its display name."""
        return self._kind.title

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def process(self) -> psutil.Process | None:
        """Its process, None if it has ended, even if its PID was reused."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            command = process.cmdline()
            # Immediately after its start a process has no command line.
            same = abs(process.create_time() - self.started) < 2 and (not command or self._kind.module in command)
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def listens(self) -> bool:
        """Whether this process listens on the port, which another server may have taken first."""
        process = self.process()
        with suppress(psutil.Error):
            found = process.net_connections("tcp") if process else []
            return any(one.laddr.port == self.port for one in found if one.status == psutil.CONN_LISTEN)
        return False

    def ready(self) -> bool:
        """Whether its health check passes."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/_sandbox/health", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    @property
    def _kind(self) -> Kind:
        return next(kind for kind in KINDS if kind.name == self.name)


def running(paths: Paths, kind: Kind) -> Server | None:
    """The recorded server of a kind, if it runs."""
    server = recorded(paths, kind)
    return server if server and server.process() else None


def urls(paths: Paths) -> dict[str, str]:
    """The addresses of the running servers, by name."""
    return {kind.name: server.url for kind in KINDS if (server := running(paths, kind))}


def recorded(paths: Paths, kind: Kind) -> Server | None:
    """The server of a kind as last started."""
    with suppress(OSError, ValueError, TypeError):
        return Server(**json.loads(record(paths, kind).read_text()))
    return None


def start(paths: Paths, kind: Kind, arguments: Sequence[str] = ()) -> Server:
    """Start a server on its former port if that is free, and wait until it answers."""
    last = recorded(paths, kind)
    first = last.port if last else FIRST_PORT
    ports = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for attempt in range(START_ATTEMPTS):
        # Another sandbox that starts at the same time tries ports in the same order, and may be faster.
        port = free_port(random.sample(ports, len(ports)) if attempt else [first, *ports])
        server = _launch(paths, kind, port, arguments)
        try:
            if _wait(server):
                return server
        except BaseException:
            stop(paths, kind)
            raise
        stop(paths, kind)
    log = _log(paths, kind)
    lines = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise SandboxError(f"the {kind.title} does not start; the log is {log}:\n{lines}")


def _launch(paths: Paths, kind: Kind, port: int, arguments: Sequence[str]) -> Server:
    _log(paths, kind).parent.mkdir(parents=True, exist_ok=True)
    with _log(paths, kind).open("wb") as log:
        process = subprocess.Popen(
            [paths.python, "-m", kind.module, "--port", str(port), *arguments],
            cwd=paths.checkout,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = psutil.Process(process.pid).create_time()
    server = Server(name=kind.name, pid=process.pid, started=started, port=port, instance=uuid.uuid4().hex)
    write_private(record(paths, kind), json.dumps(asdict(server)))
    return server


def _wait(server: Server) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.process():
        if server.listens() and server.ready():
            return True
        time.sleep(0.1)
    return False


def stop(paths: Paths, kind: Kind) -> bool:
    """Stop a recorded server and its children. Returns whether there was one. Its port stays recorded for the next
    start."""
    server = running(paths, kind)
    process = server.process() if server else None
    if process is None:
        return False
    with suppress(psutil.NoSuchProcess):
        end([process, *process.children(recursive=True)])
    return True


def end(processes: list[psutil.Process]) -> None:
    """Ask processes to stop, and kill those that do not."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def leftovers(paths: Paths) -> list[psutil.Process]:
    """Engines and plugins of this sandbox that still run: its own binaries, and processes that its plugins started."""
    return [process for process in _own_processes() if _belongs(process, paths)]


def _belongs(process: psutil.Process, paths: Paths) -> bool:
    with suppress(psutil.Error):
        # Isolated sandboxes share their binaries.
        home = process.environ().get(HOME_VARIABLE)
        if home and home != str(paths.home):
            return False
        if Path(process.exe()).is_relative_to(paths.engine.resolve()):
            return True
        if process.environ().get(BRIDGE_VARIABLE) == str(paths.bridge):
            return True
        return str(paths.python) in process.cmdline() and "sandbox.plugins.language_host" in process.cmdline()
    return False


def _own_processes() -> Iterator[psutil.Process]:
    mine = os.getuid()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == mine and process.pid != os.getpid():
                yield process


def free_port(candidates: list[int]) -> int:
    """The first free port. Raises SandboxError if all are taken."""
    for port in candidates:
        with socket.socket() as probe:
            # As for servers, a port in TIME_WAIT counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise SandboxError(f"every port from {min(candidates)} to {max(candidates)} is taken on this machine")


def record(paths: Paths, kind: Kind) -> Path:
    """The JSON file that records how a server was last started."""
    return paths.run / f"{kind.name}.json"


def _log(paths: Paths, kind: Kind) -> Path:
    return paths.logs / f"{kind.name}.log"
