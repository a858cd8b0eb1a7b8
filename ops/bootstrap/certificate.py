"""The record with which ACM validates our domain, created before any region requests its certificate.

A region's first `up` waits until its certificate is issued, and the edge, which declares the record, needs the outputs
of the regions. ACM requires the same record for every certificate of one domain in one account, in any region, and
accepts it as long as it exists (ACM User Guide, "DNS validation"). So this requests a certificate, creates its record,
and deletes the certificate.
"""

from collections.abc import Iterator
from typing import Any

from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.aws import client
from ops.core.cloudflare import EdgeApi
from ops.core.facts import wait

VALIDATION = ".acm-validations.aws"
TTL_SECONDS = 300
RECORD_SECONDS = 60.0
TOKEN = "bootstrap"
COMMENT = "ACM renews the regions' certificates as long as this is here."


def prerequisites(backend: StateBackend, api: EdgeApi, zone: str) -> Iterator[Prerequisite]:
    """The record."""
    yield Prerequisite(
        name="record for ACM",
        where=f"zone {backend.domain}",
        why="otherwise the regions' first `up` waits for a certificate that is never issued",
        exists=lambda: _exists(backend, api, zone),
        make=lambda: _make(backend, api, zone),
    )


def _exists(backend: StateBackend, api: EdgeApi, zone: str) -> bool:
    """ACM's records have a random name right below the domain."""
    rows = api.rows(f"/zones/{zone}/dns_records", type="CNAME")
    return any(
        row["content"].rstrip(".").endswith(VALIDATION)
        and row["name"].startswith("_")
        and row["name"].partition(".")[2] == backend.domain
        for row in rows
    )


def _make(backend: StateBackend, api: EdgeApi, zone: str) -> None:
    acm = client("acm", backend.region)
    asked = acm.request_certificate(DomainName=backend.domain, ValidationMethod="DNS", IdempotencyToken=TOKEN)
    record = _record(acm, str(asked["CertificateArn"]))
    api.post(
        f"/zones/{zone}/dns_records",
        {
            "type": "CNAME",
            "name": record["Name"].rstrip("."),
            "content": record["Value"].rstrip("."),
            "proxied": False,
            "ttl": TTL_SECONDS,
            "comment": COMMENT,
        },
    )
    acm.delete_certificate(CertificateArn=asked["CertificateArn"])


def _record(acm: Any, arn: str) -> dict[str, str]:
    """ACM returns the record some seconds after the request. Raises OpsError if it does not."""

    def record() -> dict[str, str]:
        options = acm.describe_certificate(CertificateArn=arn)["Certificate"].get("DomainValidationOptions") or [{}]
        return dict(options[0].get("ResourceRecord") or {})

    return wait(f"ACM's record for {arn}", record, bool, seconds=RECORD_SECONDS)
