"""Attach the data volume to this instance, create a file system if it has none, and mount it."""

import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3

MOUNT = Path("/srv/metrics")
FOLDERS = ("prometheus", "alertmanager")
POLL_SECONDS = 2
DEVICE_SECONDS = 60
REQUESTED = "/dev/sdf"
"""The device name for EC2; a Nitro instance shows the volume under its ID."""
LATEST = "http://169.254.169.254/latest"
EMPTY = 2
"""blkid's status if it finds nothing (blkid(8))."""
CLEAN, CORRECTED = 0, 1
"""e2fsck's statuses of a usable file system (e2fsck(8))."""


def instance_id() -> str:
    """This instance, from the metadata service."""
    headers = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{LATEST}/api/token", method="PUT", headers=headers), timeout=5
    ) as answer:
        token = answer.read().decode()
    request = urllib.request.Request(f"{LATEST}/meta-data/instance-id", headers={"X-aws-ec2-metadata-token": token})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.read().decode())


def attach(ec2: Any, volume: str, instance: str) -> None:
    """Attach the volume, as soon as the previous instance has released it."""
    while True:
        [found] = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        if any(one["InstanceId"] == instance for one in found["Attachments"]):
            return
        if found["State"] == "available":
            ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=REQUESTED)
        time.sleep(POLL_SECONDS)


def device(volume: str) -> Path:
    """The volume's device in the kernel (EBS User Guide, "Map Amazon EBS volumes to NVMe device names"). Raises
    TimeoutError if it does not appear."""
    path = Path("/dev/disk/by-id", f"nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')}")
    deadline = time.monotonic() + DEVICE_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} does not appear")
        time.sleep(POLL_SECONDS)
    return path


def mount(path: Path) -> None:
    """Mount the device. Create a file system if it is empty, and grow it if the volume has grown."""
    if os.path.ismount(MOUNT):
        return
    found = subprocess.run(["blkid", "--probe", str(path)], check=False, capture_output=True).returncode
    if found == EMPTY:
        subprocess.run(["mkfs.ext4", "-q", str(path)], check=True)
    # An unmounted file system can be resized only after a check; the former host may have crashed.
    checked = subprocess.run(["e2fsck", "-f", "-p", str(path)], check=False).returncode
    if checked not in (CLEAN, CORRECTED):
        raise OSError(f"{path} has faults that e2fsck does not mend by itself: status {checked}")
    subprocess.run(["resize2fs", str(path)], check=True)
    MOUNT.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--options", "nodev,nosuid,noexec", str(path), str(MOUNT)], check=True)


if __name__ == "__main__":
    data_volume = os.environ["ASKPROAI_VOLUME"]
    attach(boto3.client("ec2"), data_volume, instance_id())
    mount(device(data_volume))
    for name in FOLDERS:
        (MOUNT / name).mkdir(exist_ok=True)
        shutil.chown(MOUNT / name, os.environ["ASKPROAI_USER"])
