"""Secrets Manager: replicas of secrets in other regions, and versions."""

from typing import Any

from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend

from sandbox.aws.fixes.fix import replaces


@replaces(FakeSecret, "create_replicas")
def replica_keeps_its_key(
    stock: Any, self: FakeSecret, replica_regions: list[dict[str, str]], force_overwrite: bool
) -> list[ReplicaSecret]:
    """moto returns AWS's own key for every replica; the provider compares it with the requested one."""
    replicas: list[ReplicaSecret] = stock(self, replica_regions, force_overwrite=force_overwrite)
    keys = {asked["Region"]: asked.get("KmsKeyId") for asked in replica_regions}
    for replica in replicas:
        replica.config["KmsKeyId"] = keys[replica.region] or replica.config["KmsKeyId"]
    return replicas


@replaces(SecretsManagerBackend, "update_secret_version_stage")
def the_current_version_is_the_one_that_is_read(
    stock: Any,
    self: SecretsManagerBackend,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str,
    move_to_version_id: str,
) -> Any:
    """moto still returns the former version after AWSCURRENT was moved, if no version is requested."""
    answer = stock(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    if version_stage == "AWSCURRENT" and move_to_version_id:
        secret = self.secrets[secret_id]
        assert isinstance(secret, FakeSecret)
        secret.default_version_id = move_to_version_id
    return answer
