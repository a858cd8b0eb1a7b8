"""The block devices of EBS volumes: each is a file on this machine, which an instance sees once EC2 has attached it."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.instances.boot import Machine
from sandbox.toolchain.steps import SandboxError

SIZE_BYTES = 1024**3
"""A sparse file, whatever the size of the volume, because little is written here."""
POLL_SECONDS = 0.5
ROOT_DEVICES = ("/dev/sda1", "/dev/xvda")
"""A machine already has its root file system."""


class Volumes:
    """Shows volumes to machines, under the names of Nitro instances, until it is closed."""

    def __init__(self, folder: Path, client: Callable[[str], Any]) -> None:
        self._folder = folder / "volumes"
        self._folder.mkdir()
        self._client = client
        self._closed = threading.Event()
        self._loops: dict[str, str] = {}

    def show(self, machine: Machine) -> None:
        """Show the machine what is attached to its instance from now on."""
        threading.Thread(target=self._follow, args=(machine,), daemon=True).start()

    def close(self) -> None:
        """Release the files, when no machine runs any more."""
        self._closed.set()
        release(self._folder)

    def _follow(self, machine: Machine) -> None:
        ec2, shown = self._client("ec2"), set[str]()
        while machine.running() and not self._closed.wait(POLL_SECONDS):
            # A machine that was powered off meanwhile accepts no device.
            with suppress(SandboxError):
                for volume in self._attached(ec2, machine.name) - shown:
                    self._appear(machine, volume)
                    shown.add(volume)

    def _attached(self, ec2: Any, instance: str) -> set[str]:
        filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
        return {
            found["VolumeId"]
            for found in ec2.describe_volumes(Filters=filters)["Volumes"]
            for one in found["Attachments"]
            if one["InstanceId"] == instance and one["Device"] not in ROOT_DEVICES
        }

    def _appear(self, machine: Machine, volume: str) -> None:
        number = Path(self._loop(volume)).stat().st_rdev
        path = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')}"
        machine.run("mkdir", "-p", str(Path(path).parent))
        machine.run("mknod", path, "b", str(os.major(number)), str(os.minor(number)))

    def _loop(self, volume: str) -> str:
        """The loop device of a volume, whose content outlives the machines."""
        if volume not in self._loops:
            file = self._folder / volume
            with file.open("wb") as made:
                made.truncate(SIZE_BYTES)
            self._loops[volume] = _losetup("--find", "--show", str(file)).strip()
        return self._loops[volume]


def release(folder: Path) -> None:
    """Detach every loop device whose file is below a folder."""
    listed = _losetup("--list", "--json", "--output", "NAME,BACK-FILE")
    for each in json.loads(listed or '{"loopdevices": []}')["loopdevices"]:
        if Path(str(each["back-file"]).removesuffix(" (deleted)")).is_relative_to(folder):
            _losetup("--detach", each["name"])


def _losetup(*arguments: str) -> str:
    done = subprocess.run(["losetup", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"losetup {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
