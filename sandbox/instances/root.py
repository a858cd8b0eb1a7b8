"""The root file system of booted instances: Debian 13 with the packages of every role (standard library only).

Created once for a list of packages, by one command: `python3 -m sandbox.instances.root`, in addition to the set-up.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from hosts.contents import contents
from hosts.roles import ROLES
from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError, Step, clear_line, interrupt_on_termination

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
PHP_VERSION = "8.4"
"""The parts of Debian 13's image."""

OF_ROLES = tuple(sorted({name for role in ROLES for name in contents(role, PHP_VERSION).packages}))
"""The packages that a host installs when it starts, unless its image has them."""
SYSTEM = (
    *("systemd", "systemd-sysv", "dbus", "cloud-init", "curl", "ca-certificates", "python3", "iproute2", "iptables"),
    *("procps", "sudo", "shellcheck"),
)
"""The packages of an Ubuntu image, and the program that runs our shell scripts."""
APPLICATION = ("php-laravel-framework", "php-async-aws-sqs")
DATA = ("mariadb-server", "redis-server")
PACKAGES = (*SYSTEM, *OF_ROLES, *APPLICATION, *DATA)
STARTED_BY_PACKAGES = (
    *("nginx", f"php{PHP_VERSION}-fpm", "mariadb", "redis-server", "prometheus", "prometheus-alertmanager"),
    *(f"prometheus-{of}-exporter" for of in ("blackbox", "mysqld", "redis")),
)
"""Services that Debian enables on installation: an instance runs only what its user data starts."""


def unavailable() -> str:
    """Why nothing can boot here; empty if it can."""
    if sys.platform != "linux" or os.geteuid():
        return "booting an instance needs Linux and root"
    missing = [name for name in ("mmdebstrap", "unshare", "setpriv", "ip") if shutil.which(name) is None]
    return f"booting an instance needs {', '.join(missing)}: apt-get install mmdebstrap" if missing else ""


def made(paths: Paths) -> Path:
    """The root file system, created if it is missing. Raises SandboxError with the reason if that fails."""
    if why := unavailable():
        raise SandboxError(why)
    digest = hashlib.sha256("\0".join([SUITE, MIRROR, *PACKAGES, *STARTED_BY_PACKAGES]).encode()).hexdigest()[:16]
    folder = paths.debian.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # When the lock is free, another process has finished creating it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = folder / digest
        if not root.is_dir():
            _make(folder, root, paths)
    return root


def _make(folder: Path, root: Path, paths: Paths) -> None:
    for old in folder.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    paths.logs.mkdir(parents=True, exist_ok=True)
    log = paths.logs / "debian.log"
    log.write_bytes(b"")
    step = Step("Debian root file system", log)
    draft = root.with_suffix(".draft")
    disable = " ".join(STARTED_BY_PACKAGES)
    step.command(
        [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            '--aptopt=Apt::Install-Recommends "false"',
            f'--customize-hook=chroot "$1" systemctl disable {disable}',
            # Without a DHCP server the client would wait for 30 s before cloud-init starts.
            '--customize-hook=rm -f "$1"/usr/sbin/dhcpcd "$1"/etc/machine-id "$1"/etc/ssh/ssh_host_*',
            # An instance must not change this machine's kernel.
            '--customize-hook=ln -sf /dev/null "$1"/etc/systemd/system/systemd-modules-load.service',
            SUITE,
            draft,
            MIRROR,
        ]
    )
    draft.rename(root)
    step.done()


def main() -> int:
    """Create it. Returns the exit status."""
    interrupt_on_termination()
    try:
        print(made(Paths.of()))
    except SandboxError as error:
        clear_line()
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
