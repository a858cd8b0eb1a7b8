"""KMS: rotation of keys, what multi-region keys encrypt, and their replicas in other regions."""

import json
from typing import Any

from moto.kms import utils
from moto.kms.models import Alias, Grant, Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from sandbox.aws.fixes.fix import replaces

DEFAULT_ROTATION_DAYS = 365
PREFIX_LENGTH, NAME_LENGTH = len("mrk-"), 36


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


@replaces(utils, "_serialize_ciphertext_blob")
def ciphertexts_name_multi_region_keys(stock: Any, ciphertext: Any) -> bytes:
    """moto cuts the name of a multi-region key, which has a prefix, so that nothing it encrypted can be decrypted."""
    prefix, name = ciphertext.key_id[:-NAME_LENGTH], ciphertext.key_id[-NAME_LENGTH:]
    blob: bytes = stock(ciphertext._replace(key_id=name))
    return prefix.encode().ljust(PREFIX_LENGTH) + blob


@replaces(utils, "_deserialize_ciphertext_blob")
def ciphertexts_are_read_with_the_keys_prefix(stock: Any, ciphertext_blob: bytes) -> Any:
    """The other way of `ciphertexts_name_multi_region_keys`."""
    prefix = ciphertext_blob[:PREFIX_LENGTH].decode().strip()
    ciphertext = stock(ciphertext_blob[PREFIX_LENGTH:])
    return ciphertext._replace(key_id=prefix + ciphertext.key_id)


@replaces(KmsBackend, "replicate_key")
def replica_leaves_the_primary_alone(stock: Any, self: KmsBackend, key_id: str, replica_region: str) -> Key:
    """A key and its replica share one description of their roles in moto: to describe the replica demotes the primary.

    moto also fails to find a key that is named by its ARN, as the provider does.
    """
    replica: Key = stock(self, self.get_key_id(key_id), replica_region)
    shared = replica.multi_region_configuration
    replica.multi_region_configuration = {**shared, "MultiRegionKeyType": "REPLICA"}
    return replica


@replaces(KmsBackend, "replicate_key")
def replica_has_names_of_its_own(stock: Any, self: KmsBackend, key_id: str, replica_region: str) -> Key:
    """A key and its replica share aliases and grants in moto: each name of one region is listed in the other too."""
    replica: Key = stock(self, key_id, replica_region)
    replica.aliases, replica.grants = dict[str, Alias](), dict[str, Grant]()
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
