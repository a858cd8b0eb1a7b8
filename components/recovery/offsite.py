"""What the home of the data gives the other region in peace time, so that nothing of it is needed when it is lost."""

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.recovery.offsite_storage import OffsiteStorage, OffsiteStorageArgs
from components.recovery.replication import Replication, ReplicationArgs, Side
from components.recovery.vault import Vault, VaultArgs
from components.security.keys import Keys
from components.security.offsite_keys import OffsiteKeys, OffsiteKeysArgs
from components.storage.storage import Storage
from naming import Naming
from settings import KeysSettings, OffsiteSettings, StorageSettings


@dataclass(frozen=True, kw_only=True)
class OffsiteArgs:
    """`keys` and `storage` are the home's own, in its `region`; of both there are replicas."""

    naming: Naming
    region: str
    keys: Keys
    storage: Storage
    settings: OffsiteSettings
    keys_settings: KeysSettings
    storage_settings: StorageSettings
    protected: bool


class Offsite(Component):
    """Everything that the home declares outside its own region; the provider that it is given is that region's."""

    keys: OffsiteKeys
    storage: OffsiteStorage
    vault: Vault
    side: Side
    summary: dict[str, pulumi.Input[str]]

    def __init__(self, name: str, args: OffsiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage", name, args.naming, opts=opts)
        naming, region, protected = args.naming, args.settings.region, args.protected
        keys_args = OffsiteKeysArgs(
            naming=naming, region=region, keys=args.keys, settings=args.keys_settings, protected=protected
        )
        self.keys = OffsiteKeys(f"{name}-keys", keys_args, self.child())
        storage_args = OffsiteStorageArgs(
            naming=naming, keys=self.keys, settings=args.storage_settings, protected=protected
        )
        self.storage = OffsiteStorage(f"{name}-storage", storage_args, self.child())
        vault_args = VaultArgs(naming=naming, key=self.keys.storage, settings=args.settings, protected=protected)
        self.vault = Vault(f"{name}-vault", vault_args, self.child())
        self.side = Side(buckets=self.storage.data, key=self.keys.storage, region=region)
        # What is written here after a failover is there when the home is back.
        home = Side(buckets=args.storage.data, key=args.keys.storage, region=args.region)
        back = ReplicationArgs(naming=naming, source=self.side, target=home)
        Replication(f"{name}-replication", back, self.child())
        replicas = {role: bucket.name for role, bucket in self.storage.data.items()}
        self.summary = {"region": region, "vault_name": self.vault.name, **replicas}
        self.register_outputs(self.summary)
