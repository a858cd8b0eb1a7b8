"""Resources that are created, listed, replaced and deleted in the same way, one row each.

Statuses are Cloudflare's. Its codes for most refusals of these services are not documented: those here are the
emulator's own, so nothing should rely on them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from sandbox.cloudflare import access, plans, request_schemas
from sandbox.cloudflare.answers import Page, RefusedError
from sandbox.cloudflare.calls import Call, found
from sandbox.cloudflare.store import Resource, Store, new_id, new_uuid, now


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A kind of resource: its path, request body, defaults, times, and 404."""

    name: str
    body: str
    key: str
    missing: tuple[int, str]
    made_on: str
    changed_on: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    make_id: Callable[[], str] = new_id
    finish: Callable[[Call, Resource], Resource] = lambda _call, thing: thing
    answers_id_alone: bool = False

    def listed(self, call: Call) -> Page:
        """All of them. Raises RefusedError."""
        if self.name.startswith("access/"):
            access.organization(call)
        return Page(list(call.collection(self.name).values()))

    def one(self, call: Call) -> Resource:
        """One by its ID. Raises RefusedError."""
        return found(call.collection(self.name), call.path[self.key], *self.missing)

    def created(self, call: Call) -> Resource:
        """A new one."""
        return self._stored(call, self.make_id(), now())

    def replaced(self, call: Call) -> Resource:
        """One with new values: omitted values get their default."""
        old = self.one(call)
        return self._stored(call, old["id"], old[self.made_on])

    def deleted(self, call: Call) -> Resource:
        """Deletes one, and returns its ID."""
        old = self.one(call)
        del call.collection(self.name)[old["id"]]
        return {"id": old["id"]}

    def _stored(self, call: Call, key: str, made: str) -> Resource:
        body = request_schemas.check(self.body, call.body)
        times = {self.made_on: made, **({self.changed_on: now()} if self.changed_on else {})}
        thing = self.finish(call, {**self.defaults, **body, "id": key, **times})
        call.collection(self.name)[key] = thing
        return {"id": key} if self.answers_id_alone else thing


def _health_check(call: Call, thing: Resource) -> Resource:
    plans.check_health_check(call, thing)
    secure = thing["type"] == "HTTPS"
    config = {"method": "GET", "path": "/", "port": 443 if secure else 80, "expected_codes": ["200"]}
    config |= {"allow_insecure": False, "follow_redirects": False, **thing.get("http_config", {})}
    return {**thing, "http_config": config, "status": "unknown", "failure_reason": ""}


def _notification_policy(call: Call, thing: Resource) -> Resource:
    if not any(thing["mechanisms"].values()):
        raise RefusedError(400, 17003, "a policy needs at least one mechanism", pointer="/mechanisms")
    checks = [key for zone in call.store.zones for key in call.store.collection(f"/zones/{zone}/healthchecks")]
    for wanted in thing.get("filters", {}).get("health_check_id", []):
        if wanted not in checks:
            raise RefusedError(400, 17003, f"health check {wanted} does not exist", pointer="/filters")
    return thing


GONE = ("pending_deletion", "deleted")


class Certificates(Collection):
    """Client certificates: deployed some time after their upload, and still listed after their deletion."""

    def listed(self, call: Call) -> Page:
        """All of them, with their current status."""
        return Page([_deployed(call.store, thing) for thing in call.collection(self.name).values()])

    def one(self, call: Call) -> Resource:
        """One with its current status. Raises RefusedError."""
        return _deployed(call.store, super().one(call))

    def deleted(self, call: Call) -> Resource:
        """Deletes one, which is then no longer presented to origins. Raises RefusedError."""
        thing = self.one(call)
        if thing["status"] in GONE:
            raise RefusedError(404, *self.missing)
        call.collection(self.name)[thing["id"]] = {**thing, "status": "deleted"}
        return {**thing, "status": "pending_deletion"}


def _deployed(store: Store, thing: Resource) -> Resource:
    """A certificate with its current status: some time after the upload it is in every data center."""
    age = datetime.now(UTC) - datetime.fromisoformat(thing["uploaded_on"])
    if thing["status"] == "pending_deployment" and age.total_seconds() >= store.deployment_seconds:
        thing["status"] = "active"
    return thing


def shown_to_origins(store: Store, zone: str) -> str:
    """The client certificate in PEM that the edge presents: the active one that was deployed last (Cloudflare, "Manage
    certificates"). Empty if there is none, or if origin pulls are off."""
    if not store.singles.get(f"/zones/{zone}/origin_pulls", {}).get("enabled"):
        return ""
    uploaded = store.collection(f"/zones/{zone}/{CERTIFICATES.name}").values()
    active = [thing for thing in (_deployed(store, each) for each in uploaded) if thing["status"] == "active"]
    return max(active, key=lambda thing: thing["uploaded_on"])["certificate"] if active else ""


def _certificate(_call: Call, thing: Resource) -> Resource:
    """A client certificate in Cloudflare's answers: everything but its key. Raises RefusedError."""
    try:
        certificate = x509.load_pem_x509_certificate(thing["certificate"].encode())
        key = load_pem_private_key(thing["private_key"].encode(), None).public_key()
    except (ValueError, TypeError):
        raise RefusedError(400, 1400, "The certificate or its key is not valid PEM.", pointer="/certificate") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise RefusedError(400, 1412, "The private key does not match the certificate.", pointer="/private_key")
    algorithm = certificate.signature_hash_algorithm
    return {
        **{name: value for name, value in thing.items() if name != "private_key"},
        "certificate_id": thing["id"],
        "enabled": False,
        "status": "pending_deployment",
        "issuer": certificate.issuer.rfc4514_string(),
        "serial_number": str(certificate.serial_number),
        "signature": algorithm.name.upper() if algorithm else "",
        "expires_on": certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


CERTIFICATES = Certificates(
    name="origin_tls_client_auth",
    body="origin_pull_certificate",
    key="certificate_id",
    missing=(1421, "No certificate with this id"),
    made_on="uploaded_on",
    finish=_certificate,
)
HEALTH_CHECKS = Collection(
    name="healthchecks",
    body="healthcheck",
    key="healthcheck_id",
    missing=(1002, "health check not found"),
    made_on="created_on",
    changed_on="modified_on",
    # Cloudflare's API reference, defaults of a health check.
    defaults={
        "type": "HTTP",
        "description": "",
        "check_regions": None,
        "interval": 60,
        "retries": 2,
        "timeout": 5,
        "consecutive_fails": 1,
        "consecutive_successes": 1,
        "suspended": False,
        "tcp_config": None,
    },
    finish=_health_check,
)
NOTIFICATION_POLICIES = Collection(
    name="alerting/v3/policies",
    body="notification_policy",
    key="policy_id",
    missing=(17404, "policy not found"),
    made_on="created",
    changed_on="modified",
    defaults={"description": ""},
    finish=_notification_policy,
    answers_id_alone=True,
)
ACCESS_POLICIES = Collection(
    name="access/policies",
    body="access_policy",
    key="access_policy_id",
    missing=(11021, "access.api.error.policy_not_found"),
    made_on="created_at",
    changed_on="updated_at",
    defaults={"exclude": [], "require": [], "session_duration": "24h", "reusable": True},
    make_id=new_uuid,
    finish=access.policy,
)
ACCESS_APPLICATIONS = Collection(
    name="access/apps",
    body="access_application",
    key="app_id",
    missing=(11021, "access.api.error.unknown_application"),
    made_on="created_at",
    changed_on="updated_at",
    defaults={
        "allowed_idps": [],
        "app_launcher_visible": True,
        "auto_redirect_to_identity": False,
        "enable_binding_cookie": False,
        "http_only_cookie_attribute": True,
        "options_preflight_bypass": False,
        "session_duration": "24h",
        "tags": [],
    },
    make_id=new_uuid,
    finish=access.application,
)
