"""The volume with metrics and silences: it outlives each monitoring host."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.security.keys import Keys
from components.site import Site
from naming import DataClass
from settings import MonitoringSettings


@dataclass(frozen=True, kw_only=True)
class MetricsVolumeArgs:
    """The volume is in the configured zone; only a host in that zone's subnet can attach it."""

    site: Site
    network: Network
    keys: Keys
    settings: MonitoringSettings


class MetricsVolume(Component):
    """The volume, and the subnet of its zone."""

    volume: aws.ebs.Volume
    subnet_id: pulumi.Output[str]

    def __init__(self, name: str, args: MetricsVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:MetricsVolume", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        letter = args.settings.zone
        self.subnet_id = args.network.app_subnet_of[letter]
        self.volume = aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=args.network.settings.zones[letter],
            type="gp3",
            size=args.settings.data_volume_gib,
            encrypted=True,
            kms_key_id=args.keys["data"].arn,
            opts=self.child(protect=args.site.protected),
        )
        self.register_outputs({"volume_id": self.volume.id})
