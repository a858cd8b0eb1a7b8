"""The copies that the home of the data keeps in the other region, so that it is not needed once it is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi

from components.component import Component
from components.network.network import Network
from components.recovery.offsite_storage import OffsiteStorage, OffsiteStorageArgs
from components.recovery.replication import Replication, ReplicationArgs, Side
from components.recovery.vault import Vault, VaultArgs
from components.security.keys import Keys
from components.security.offsite_keys import OffsiteKeys, OffsiteKeysArgs
from components.site import Site
from components.storage.storage import Storage
from settings import KeysSettings, OffsiteSettings, StorageSettings


@dataclass(frozen=True, kw_only=True)
class OffsiteArgs:
    """`site`, `keys`, `network` and `storage` are the home's own; the keys and the data buckets get replicas."""

    site: Site
    keys: Keys
    network: Network
    storage: Storage
    settings: OffsiteSettings
    keys_settings: KeysSettings
    storage_settings: StorageSettings


class Offsite(Component):
    """Everything that the home declares outside its own region, with the other region's provider."""

    keys: OffsiteKeys
    storage: OffsiteStorage
    vault: Vault
    side: Side

    def __init__(self, name: str, args: OffsiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:Offsite", name, args.site, opts=opts)
        there = replace(args.site, region=args.settings.region)
        keys_args = OffsiteKeysArgs(site=there, keys=args.keys, settings=args.keys_settings)
        self.keys = OffsiteKeys(f"{name}-keys", keys_args, self.child())
        storage_args = OffsiteStorageArgs(site=there, keys=self.keys, settings=args.storage_settings)
        self.storage = OffsiteStorage(f"{name}-storage", storage_args, self.child())
        vault_args = VaultArgs(site=there, network=args.network, key=self.keys["storage"], settings=args.settings)
        self.vault = Vault(f"{name}-vault", vault_args, self.child())
        self.side = Side(buckets=self.storage.data, key=self.keys["storage"], region=there.region)
        # What is written in the other region after a failover is copied back to the home.
        home = Side(buckets=args.storage.data, key=args.keys["storage"], region=args.site.region)
        back = ReplicationArgs(site=there, source=self.side, target=home)
        Replication(f"{name}-replication", back, self.child())
        self.register_outputs({"vault_name": self.vault.name})
