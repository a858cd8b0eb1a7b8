"""The secrets of the edge's stack: each has its own key, is encrypted in the stack file, and is validated without being
shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings.secrets import Check, certificates

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
    """The secrets of the running stack, if that is the edge; `load` has validated them before."""
    import pulumi

    config = pulumi.Config()
    return EdgeSecrets(**{name: config.require_secret(name) for name in EDGE_CHECKS})


def _client_certificate(value: str) -> bool:
    """One certificate that is not an authority's: Cloudflare accepts only leaf certificates."""
    return certificates(value) == (1, 0)


EDGE_CHECKS: Mapping[str, Check] = {
    # Cloudflare, "Create API token": originally 40 characters, more in the format that secret scanners recognize.
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
