"""Load balancing: trust stores, and listeners that require a client certificate."""

import re
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend
from moto.elbv2.responses import ELBV2Response
from moto.moto_api._internal import mock_random
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from sandbox.aws.fixes.fix import replaces

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
DEFAULTS = {
    "off": {"Mode": "off"},
    "passthrough": {"Mode": "passthrough"},
    "verify": {"Mode": "verify", "IgnoreClientCertificateExpiry": False, "AdvertiseTrustStoreCaNames": "off"},
}


@dataclass
class TrustStore:
    """A trust store, in the fields of the API's answers."""

    name: str
    trust_store_arn: str
    number_of_ca_certificates: int
    total_revoked_entries: int = 0
    status: str = "ACTIVE"


def _stores(backend: ELBv2Backend) -> dict[str, TrustStore]:
    stores: dict[str, TrustStore] = vars(backend).setdefault("trust_stores", {})
    return stores


def _store(backend: ELBv2Backend, arn: str) -> TrustStore:
    if arn not in _stores(backend):
        raise ELBClientError("TrustStoreNotFound", f"Trust store '{arn}' not found")
    return _stores(backend)[arn]


def _users(backend: ELBv2Backend, arn: str) -> list[str]:
    """The load balancers whose listeners ask a trust store."""
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(_mutual_authentication(listener).get("TrustStoreArn") == arn for listener in balancer.listeners.values())
    ]


def _mutual_authentication(listener: Any) -> dict[str, Any]:
    return getattr(listener, "mutual_authentication", None) or {}


def _certificates(response: ELBV2Response, asked: dict[str, Any]) -> int:
    """How many certificates are in the bundle, which ELB reads there and then."""
    store = s3_backends[response.current_account][response.partition]
    try:
        bundle = store.get_object(
            asked["CaCertificatesBundleS3Bucket"],
            asked["CaCertificatesBundleS3Key"],
            version_id=asked.get("CaCertificatesBundleS3ObjectVersion"),
        )
    except MissingBucket:
        bundle = None
    if bundle is None:
        raise ELBClientError("CaCertificatesBundleNotFound", "The specified ca certificate bundle does not exist")
    found = len(CERTIFICATE.findall(bundle.value))
    if not found:
        raise ELBClientError("InvalidCaCertificatesBundle", "The specified ca certificate bundle is invalid")
    return found


@replaces(ELBV2Response, "create_trust_store")
def trust_store_is_made(stock: Any, self: ELBV2Response) -> ActionResult:
    """moto has no trust stores."""
    asked, backend = self._get_params(), self.elbv2_backend
    if any(store.name == asked["Name"] for store in _stores(backend).values()):
        raise ELBClientError("DuplicateTrustStoreName", f"A trust store with the name '{asked['Name']}' exists")
    place = f"arn:{self.partition}:elasticloadbalancing:{self.region}:{self.current_account}"
    arn = f"{place}:truststore/{asked['Name']}/{mock_random.get_random_hex(16)}"
    store = TrustStore(asked["Name"], arn, _certificates(self, asked))
    _stores(backend)[arn] = store
    backend.tagging_service.tag_resource(arn, asked.get("Tags"))
    return ActionResult({"TrustStores": [store]})


@replaces(ELBV2Response, "describe_trust_stores")
def trust_stores_are_described(stock: Any, self: ELBV2Response) -> ActionResult:
    """The same as `trust_store_is_made`, by ARN, by name, or all."""
    asked, backend = self._get_params(), self.elbv2_backend
    found = [_store(backend, arn) for arn in asked.get("TrustStoreArns") or list(_stores(backend))]
    names = asked.get("Names")
    return ActionResult({"TrustStores": [store for store in found if not names or store.name in names]})


@replaces(ELBV2Response, "modify_trust_store")
def trust_store_takes_another_bundle(stock: Any, self: ELBV2Response) -> ActionResult:
    """The same as `trust_store_is_made`, for a bundle that was replaced."""
    asked = self._get_params()
    store = _store(self.elbv2_backend, asked["TrustStoreArn"])
    store.number_of_ca_certificates = _certificates(self, asked)
    return ActionResult({"TrustStores": [store]})


@replaces(ELBV2Response, "describe_trust_store_associations")
def users_of_a_trust_store_are_listed(stock: Any, self: ELBV2Response) -> ActionResult:
    """The same as `trust_store_is_made`: before it deletes a store, the provider waits for its last listener."""
    arn = self._get_params()["TrustStoreArn"]
    _store(self.elbv2_backend, arn)
    users = [{"ResourceArn": user} for user in _users(self.elbv2_backend, arn)]
    return ActionResult({"TrustStoreAssociations": users})


@replaces(ELBV2Response, "delete_trust_store")
def trust_store_in_use_stays(stock: Any, self: ELBV2Response) -> ActionResult:
    """The same as `trust_store_is_made`: a store that a listener asks cannot be deleted."""
    arn = self._get_params()["TrustStoreArn"]
    if _users(self.elbv2_backend, arn):
        raise ELBClientError("TrustStoreInUse", f"Trust store '{arn}' is currently in use")
    _stores(self.elbv2_backend).pop(arn, None)
    return EmptyResult()


@replaces(ELBv2Backend, "_get_resource_by_arn")
def trust_store_can_be_tagged(stock: Any, self: ELBv2Backend, arn: str) -> Any:
    """moto tags only what it knows."""
    return _store(self, arn) if ":truststore/" in arn else stock(self, arn)


def _remember(response: ELBV2Response, answer: Any) -> Any:
    asked = response._get_params().get("MutualAuthentication")
    (listener,) = answer.result["Listeners"]
    if asked:
        if asked["Mode"] == "verify":
            _store(response.elbv2_backend, asked["TrustStoreArn"])
        listener.mutual_authentication = {**DEFAULTS[asked["Mode"]], **asked}
    elif listener.protocol == "HTTPS" and not _mutual_authentication(listener):
        listener.mutual_authentication = DEFAULTS["off"]
    return answer


@replaces(ELBV2Response, "create_listener")
def listener_keeps_whom_it_lets_in(stock: Any, self: ELBV2Response) -> Any:
    """moto forgets a listener's mutual authentication, so every preview shows a difference."""
    return _remember(self, stock(self))


@replaces(ELBV2Response, "modify_listener")
def listener_lets_others_in(stock: Any, self: ELBV2Response) -> Any:
    """The same as `listener_keeps_whom_it_lets_in`, for a listener that is modified."""
    return _remember(self, stock(self))
