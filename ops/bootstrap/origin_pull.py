"""Our own certificate authority, and the client certificate with which Cloudflare authenticates itself to our
origins."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

VALID_DAYS = 3650
"""Our choice: ten years; the edge declares Cloudflare's notification of its expiry."""
KEY_BITS = 2048


@dataclass(frozen=True, kw_only=True)
class OriginPull:
    """PEM texts. The authority's own key is discarded, because it never signs anything else."""

    authority: str
    certificate: str
    key: str


def make(domain: str) -> OriginPull:
    """A new authority, and one certificate signed by it, for the zone of a domain."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority_key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    issuer = f"origin pulls of {domain}"
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _certificate(issuer, f"Cloudflare to the origins of {domain}", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    return OriginPull(
        authority=authority.public_bytes(encoding).decode(),
        certificate=certificate.public_bytes(encoding).decode(),
        key=key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
    )


def _certificate(issuer: str, subject: str, key: "rsa.RSAPrivateKey") -> "x509.CertificateBuilder":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    def name(common_name: str) -> x509.Name:
        # X.520 limits a common name to 64 characters.
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(name(issuer))
        .subject_name(name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )
