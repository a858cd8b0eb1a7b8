"""The data volume: attached once the former host has released it, and never formatted again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from debian import Host
from host_values import VALUES
from programs import program

from hosts.bundle import rendered
from hosts.roles import MONITORING
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths

VOLUME, OWN, FORMER = "vol-1", "i-own", "i-former"
LIFE = """#!/bin/sh
set -eu
export PYTHONPATH=/usr/local/lib/askproai
truncate --size=64M /var/tmp/disk
device=$(losetup --find --show /var/tmp/disk)
trap 'umount /srv/metrics 2>/dev/null || true; losetup --detach "$device"' EXIT
mounted() {
    python3 -c "import attach_volume, pathlib; attach_volume.mount(pathlib.Path('$device'))" >/dev/null
}
mounted
echo remembered >/srv/metrics/kept
first=$(stat --file-system --format=%b /srv/metrics)
mounted
umount /srv/metrics
truncate --size=128M /var/tmp/disk
losetup --set-capacity "$device"
mounted
cat /srv/metrics/kept
test "$(stat --file-system --format=%b /srv/metrics)" -gt "$first" && echo grown
"""


class Ec2:
    """A fake EC2 with given answers about one volume, in order."""

    def __init__(self, *states: tuple[str, str]) -> None:
        self._states: Iterator[tuple[str, str]] = iter(states)
        self.attached: list[dict[str, str]] = []

    def describe_volumes(self, **_asked: Any) -> dict[str, Any]:
        state, instance = next(self._states)
        return {"Volumes": [{"State": state, "Attachments": [{"InstanceId": instance}] if instance else []}]}

    def attach_volume(self, **asked: str) -> None:
        self.attached.append(asked)


def _no_time(_seconds: float) -> None:
    """Waits for nothing."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", _no_time)


def test_the_volume_is_attached_when_the_former_host_has_let_it_go() -> None:
    ec2 = Ec2(("in-use", FORMER), ("in-use", FORMER), ("available", ""), ("in-use", OWN))
    program("attach_volume").attach(ec2, VOLUME, OWN)
    assert ec2.attached == [{"VolumeId": VOLUME, "InstanceId": OWN, "Device": "/dev/sdf"}]


def test_a_host_that_starts_again_has_its_volume() -> None:
    ec2 = Ec2(("in-use", OWN))
    program("attach_volume").attach(ec2, VOLUME, OWN)
    assert ec2.attached == []


def test_a_device_that_does_not_appear_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    attach = program("attach_volume")
    monkeypatch.setattr(attach, "DEVICE_SECONDS", 0)
    with pytest.raises(TimeoutError, match="nvme-Amazon_Elastic_Block_Store_vol1 does not appear"):
        attach.device(VOLUME)


@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_what_is_on_the_volume_stays_and_has_more_room_when_it_has_grown(tmp_path: Path) -> None:
    host = Host(made(Paths.of()), tmp_path, MONITORING, rendered(MONITORING, VALUES))
    host.write("/life", LIFE)
    done = host.run("/life")
    assert done.stdout.split() == ["remembered", "grown"], done.stderr
