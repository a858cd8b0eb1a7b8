"""Secrets Manager: replicas of secrets in other regions."""

from typing import Any

from moto.secretsmanager.models import FakeSecret, ReplicaSecret

from sandbox.aws.fixes.fix import replaces


@replaces(FakeSecret, "create_replicas")
def replica_keeps_its_key(
    stock: Any, self: FakeSecret, replica_regions: list[dict[str, str]], force_overwrite: bool
) -> list[ReplicaSecret]:
    """moto says that every replica is encrypted with AWS's own key; the provider compares it with the one asked for."""
    replicas: list[ReplicaSecret] = stock(self, replica_regions, force_overwrite=force_overwrite)
    keys = {asked["Region"]: asked.get("KmsKeyId") for asked in replica_regions}
    for replica in replicas:
        replica.config["KmsKeyId"] = keys[replica.region] or replica.config["KmsKeyId"]
    return replicas
