"""The end of a rotation of the origin-pull certificate: the former one is removed once Cloudflare presents the new one.

Regions trust several authorities, and a zone may have several certificates, of which Cloudflare presents the one that
was deployed last (Cloudflare, "Manage certificates"): so the origins never refuse it.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.cloudflare import EdgeApi
from ops.core.engine import Engine

PATH = "/zones/{zone}/origin_tls_client_auth"
AUTHORITIES, CERTIFICATE = "origin_pull_ca", "origin_pull_certificate"
GONE = ("pending_deletion", "deleted")


def prerequisites(backend: StateBackend, api: EdgeApi, zone: str) -> Iterator[Prerequisite]:
    """Only our certificate and its authority remain, once it is in every data center."""
    place = PATH.format(zone=zone)
    yield Prerequisite(
        name="former origin-pull certificates removed",
        where=f"zone {backend.domain}, {', '.join(backend.region_stacks)}",
        why="after a rotation, once Cloudflare shows the new one",
        exists=lambda: not _former(api, place) and not _trusted_in_vain(backend, api, place),
        make=lambda: _remove(backend, api, place),
    )


def _former(api: EdgeApi, place: str) -> list[dict[str, Any]]:
    """The other certificates, none while ours is not deployed."""
    ours = api.secret(CERTIFICATE).strip()
    rows = _there(api, place)
    if not any(_is(row, ours) and row.get("status") == "active" for row in rows):
        return []
    return [row for row in rows if not _is(row, ours)]


def _trusted_in_vain(backend: StateBackend, api: EdgeApi, place: str) -> dict[str, list[str]]:
    """The regions that trust more than our certificate's authority, each with the authorities that it needs; none while
    another certificate may be presented."""
    ours = api.secret(CERTIFICATE)
    rows = _there(api, place)
    if [(_is(row, ours.strip()), row.get("status")) for row in rows] != [(True, "active")]:
        return {}
    trusted = {stack: _authorities(stack) for stack in backend.region_stacks}
    needed = {stack: _of(ours, authorities) for stack, authorities in trusted.items()}
    return {stack: authorities for stack, authorities in needed.items() if len(authorities) < len(trusted[stack])}


def _remove(backend: StateBackend, api: EdgeApi, place: str) -> None:
    for row in _former(api, place):
        api.delete(f"{place}/{row['id']}")
    for stack, needed in _trusted_in_vain(backend, api, place).items():
        Engine().set_secret(stack, AUTHORITIES, "\n".join(needed))


def _there(api: EdgeApi, place: str) -> list[dict[str, Any]]:
    """The zone's certificates; none if the token may not read them, which the check of the token reports."""
    status, answer = api.asked(place)
    rows: list[dict[str, Any]] = answer["result"] if status == HTTPStatus.OK else []
    return [row for row in rows if row.get("status") not in GONE]


def _is(row: dict[str, Any], certificate: str) -> bool:
    return str(row.get("certificate", "")).strip() == certificate


def _authorities(stack: str) -> list[str]:
    """The authorities that a region trusts, each in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    known = x509.load_pem_x509_certificates(Engine().secret(stack, AUTHORITIES).encode())
    return [authority.public_bytes(Encoding.PEM).decode() for authority in known]


def _of(certificate: str, authorities: list[str]) -> list[str]:
    """The authorities that have signed the certificate; all if none has, because then none can be removed."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    leaf = x509.load_pem_x509_certificate(certificate.encode())
    signers = []
    for authority in authorities:
        try:
            leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
        except (ValueError, TypeError, InvalidSignature):
            continue
        signers.append(authority)
    return signers or authorities
