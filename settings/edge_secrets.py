"""The secrets of the edge's stack: each has its own key, is encrypted in the stack file, and is judged unseen."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings.secrets import Check

if TYPE_CHECKING:
    import pulumi

API_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,80}")
PRIVATE_KEY = re.compile(
    r"\s*-----BEGIN (?P<kind>(RSA |EC )?PRIVATE KEY)-----\s[A-Za-z0-9+/=\s]+-----END (?P=kind)-----\s*"
)


@dataclass(frozen=True, kw_only=True)
class EdgeSecrets:
    """The secrets of the edge, encrypted wherever Pulumi writes them."""

    cloudflare_api_token: "pulumi.Output[str]"
    origin_pull_certificate: "pulumi.Output[str]"
    origin_pull_key: "pulumi.Output[str]"


def load_edge_secrets() -> EdgeSecrets:
    """The secrets of the stack that runs, if that is the edge; `load` has judged them before."""
    import pulumi

    config = pulumi.Config()
    return EdgeSecrets(**{name: config.require_secret(name) for name in EDGE_CHECKS})


def _client_certificate(value: str) -> bool:
    """One certificate that signs nothing itself: Cloudflare takes leaves alone."""
    if "PRIVATE KEY" in value or not value.isascii():
        return False
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        store.load_verify_locations(cadata=value)
    except (ssl.SSLError, ValueError):
        return False
    found = store.cert_store_stats()
    return (found["x509"], found["x509_ca"]) == (1, 0)


EDGE_CHECKS: Mapping[str, Check] = {
    # Cloudflare, "Create API token": 40 characters at first, more in the form that secret scanners know.
    "cloudflare_api_token": Check(
        accepts=lambda value: API_TOKEN.fullmatch(value) is not None,
        want="40 or more letters, digits, - or _ (Cloudflare, API tokens)",
    ),
    "origin_pull_certificate": Check(
        accepts=_client_certificate,
        want="one certificate in PEM that is not an authority (Cloudflare, zone-level authenticated origin pulls)",
    ),
    "origin_pull_key": Check(
        accepts=lambda value: PRIVATE_KEY.fullmatch(value) is not None,
        want="the certificate's private key in PEM, not encrypted (Cloudflare, zone-level authenticated origin pulls)",
    ),
}
