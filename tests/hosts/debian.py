"""Hosts on disk: layers of a bundle's files on the root file system that booted instances have."""

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hosts.bundle import FILES
from hosts.contents import contents
from hosts.roles import HostRole
from sandbox.instances.root import PHP_VERSION

LONGEST_SECONDS = 600
"""Of a program that hangs; most take a second, and ten on a machine that brings up six platforms at the same time."""


class Host:
    """A host of `role` on disk: programs run in it by chroot, in their own mount namespace."""

    def __init__(self, root: Path, folder: Path, role: HostRole, texts: Mapping[str, str]) -> None:
        self._root, self._upper, self._work, self._at = root, folder / "upper", folder / "work", folder / "at"
        for place in (self._upper, self._work, self._at):
            place.mkdir(parents=True)
        for path, text in texts.items():
            self.write(f"/{path.removeprefix(f'{FILES}/')}" if path.startswith(FILES) else f"/{path}", text)
        removed = contents(role, PHP_VERSION).removed
        self.run("rm", "-f", *removed)

    def write(self, path: str, text: str) -> None:
        """Write a file; scripts are executable."""
        self.write_bytes(path, text.encode(), 0o755 if text.startswith("#!") else 0o644)

    def write_bytes(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write a binary file."""
        place = self._upper / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(mode)

    def read(self, path: str) -> str:
        """A file of the bundle."""
        return (self._upper / path.removeprefix("/")).read_text()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The program's exit status and what it wrote."""
        at = shlex.quote(str(self._at))
        layers = f"lowerdir={self._root},upperdir={self._upper},workdir={self._work}"
        script = (
            f"mount -t overlay overlay -o {shlex.quote(layers)} {at} && mount -t proc proc {at}/proc && "
            f"mount --bind /dev {at}/dev && mkdir -p {at}/run/sshd {at}/run/php {at}/var/log/askproai && "
            f"exec chroot {at} {shlex.join(command)}"
        )
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
