"""The resource that `pulumi destroy` reaches first: while the stack is protected, the destroy stops here."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from naming import PROJECT

NAME = "set-allow_destroy_of-and-run-pulumi-up-first"
"""The engine's error shows this name, which tells the operator what to do."""

OUTLIVING = {
    "aws:backup/vault:Vault": "the vaults, with recovery points that nobody can delete before their time",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "the vaults' locks",
    "aws:kms/key:Key": "the keys 'data' and 'storage', without which no backup can be read",
    "aws:kms/replicaKey:ReplicaKey": "the replica of the key 'storage'",
    "aws:rds/optionGroup:OptionGroup": "the database's option group, which its snapshots have too",
}
"""What a destroy leaves, besides the final snapshots of database and cache, and the database's automated backups."""


def warn_of_the_end() -> None:
    """Tell the operator who has lifted the protection what will remain, to be deleted by hand later."""
    left = "; ".join([*OUTLIVING.values(), "the last snapshots of database and cache, and the automated backups"])
    pulumi.log.warn(f"the protection is off: `pulumi destroy` deletes the stack, and leaves {left}")


class Protection(pulumi.ComponentResource):
    """Depends on every part, so the engine would delete it first, and stops there.

    If only the stateful resources were protected, a destroy would delete everything else first.
    """

    def __init__(self, parts: Sequence[pulumi.Resource], *, protected: bool) -> None:
        opts = pulumi.ResourceOptions(depends_on=list(parts), protect=protected)
        super().__init__(f"{PROJECT}:platform:Protection", NAME, None, opts)
        self.register_outputs({})
