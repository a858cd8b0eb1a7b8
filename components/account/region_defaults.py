"""Defaults of a region in the account: disks, snapshots, instance metadata."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site

METADATA_HOPS = 1
"""FSBP EC2.8 and AutoScaling.4: a token does not leave the instance."""


@dataclass(frozen=True, kw_only=True)
class RegionDefaultsArgs:
    """The site, in the region that gets the defaults."""

    site: Site


class RegionDefaults(Component):
    """Every disk is encrypted, no snapshot is public, and instance metadata requires a token."""

    def __init__(self, name: str, args: RegionDefaultsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:RegionDefaults", name, args.site, opts=opts)
        aws.ebs.EncryptionByDefault(f"{name}-disks", enabled=True, opts=self.child())
        aws.ebs.SnapshotBlockPublicAccess(f"{name}-snapshots", state="block-all-sharing", opts=self.child())
        aws.ec2.InstanceMetadataDefaults(
            f"{name}-metadata",
            http_tokens="required",
            http_put_response_hop_limit=METADATA_HOPS,
            opts=self.child(),
        )
        self.register_outputs({})
