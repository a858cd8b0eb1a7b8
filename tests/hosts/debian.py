"""A Debian root file system with the packages of every role, and hosts that are layers of a bundle's files on it."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hosts.bundle import FILES, contents
from hosts.roles import ROLES, HostRole

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
PHP_VERSION = "8.4"
"""What Debian 13 has."""
TOOLS = ("shellcheck", "systemd", "systemd-sysv")


def unavailable() -> str:
    """Why the real programs cannot be asked here, empty where they can."""
    if sys.platform != "linux" or os.geteuid():
        return "asking the hosts' programs needs Linux and root"
    missing = [name for name in ("mmdebstrap", "unshare", "chroot") if shutil.which(name) is None]
    return f"asking the hosts' programs needs {', '.join(missing)}: apt-get install mmdebstrap" if missing else ""


def made(folder: Path) -> Path:
    """The root file system in `folder`; makes it where it is missing, in two minutes."""
    packages = sorted({*TOOLS, *(name for role in ROLES for name in contents(role, PHP_VERSION).packages)})
    root = folder / hashlib.sha256(" ".join([SUITE, MIRROR, *packages]).encode()).hexdigest()[:16]
    if not root.is_dir():
        draft = root.with_suffix(f".{os.getpid()}")
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--quiet", "--variant=minbase", '--aptopt=Apt::Install-Recommends "false"']
        subprocess.run(["mmdebstrap", *options, f"--include={','.join(packages)}", SUITE, draft, MIRROR], check=True)
        draft.rename(root)
    return root


class Host:
    """A host of `role` on disk: programs run in it by chroot, in a mount namespace of their own."""

    def __init__(self, root: Path, folder: Path, role: HostRole, texts: Mapping[str, str]) -> None:
        self._root, self._upper, self._work, self._at = root, folder / "upper", folder / "work", folder / "at"
        for place in (self._upper, self._work, self._at):
            place.mkdir(parents=True)
        for path, text in texts.items():
            self.write(f"/{path.removeprefix(f'{FILES}/')}" if path.startswith(FILES) else f"/{path}", text)
        removed = contents(role, PHP_VERSION).removed
        self.run("rm", "-f", *removed)

    def write(self, path: str, text: str) -> None:
        """Put a file in place; what begins as a script can be executed."""
        place = self._upper / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755 if text.startswith("#!") else 0o644)

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
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=120
        )
