"""KMS: rotation of keys, names of multi-region keys, and their replicas in other regions."""

import json
from typing import Any

from moto.kms import models
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from sandbox.aws.fixes.fix import replaces

DEFAULT_ROTATION_DAYS = 365


def _own_key(response: KmsResponse) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


@replaces(KmsResponse, "enable_key_rotation")
def rotation_period_is_kept(stock: Any, self: KmsResponse) -> str:
    """moto forgets the period; the provider waits ten minutes to read it back."""
    answer: str = stock(self)
    _own_key(self).rotation_period = self._get_param("RotationPeriodInDays") or DEFAULT_ROTATION_DAYS
    return answer


@replaces(KmsResponse, "get_key_rotation_status")
def rotation_period_reads_back(stock: Any, self: KmsResponse) -> str:
    """The answer to what `rotation_period_is_kept` remembers."""
    status: dict[str, Any] = json.loads(stock(self))
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(_own_key(self), "rotation_period", DEFAULT_ROTATION_DAYS)
    return json.dumps(status)


@replaces(models, "generate_key_id")
def multi_region_keys_have_short_names(stock: Any, multi_region: bool = False) -> str:
    """AWS gives a multi-region key `mrk-` and 32 digits; with moto's hyphens the name does not fit into its ciphertexts.

    So what was encrypted with such a key, as the secrets of a stack are, could not be decrypted.
    """
    name: str = stock(multi_region)
    return f"mrk-{name.removeprefix('mrk-').replace('-', '')}" if multi_region else name


@replaces(KmsBackend, "replicate_key")
def replica_leaves_the_primary_alone(stock: Any, self: KmsBackend, key_id: str, replica_region: str) -> Key:
    """A key and its replica share one description of their roles in moto: to describe the replica demotes the primary.

    moto also fails to find a key that is named by its ARN, as the provider does.
    """
    replica: Key = stock(self, self.get_key_id(key_id), replica_region)
    shared = replica.multi_region_configuration
    replica.multi_region_configuration = {**shared, "MultiRegionKeyType": "REPLICA"}
    return replica


@replaces(KmsResponse, "replicate_key")
def replica_is_described_as_asked(stock: Any, self: KmsResponse) -> str:
    """moto ignores the description, policy and tags given for a replica, and so shows the primary's."""
    answer: dict[str, Any] = json.loads(stock(self))
    backend = kms_backends[self.current_account][self._get_param("ReplicaRegion")]
    replica: Key = backend.keys[answer["ReplicaKeyMetadata"]["KeyId"]]
    replica.description = self._get_param("Description") or ""
    replica.policy = self._get_param("Policy") or replica.generate_default_policy()
    backend.tag_resource(replica.id, {tag["TagKey"]: tag["TagValue"] for tag in self._get_param("Tags") or []})
    return json.dumps({**answer, "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"]})
