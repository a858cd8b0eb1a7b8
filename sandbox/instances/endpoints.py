"""The emulated AWS at AWS's own names: terminates TLS, and forwards every byte to the emulator."""

import datetime
import select
import socket
import ssl
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PORT = 443
SERVICES = ("s3", "secretsmanager", "sqs", "sts", "ssm", "ssmmessages", "ec2messages", "logs", "monitoring", "ec2",
            "autoscaling", "rds", "elasticache")  # fmt: skip
LIFETIME = datetime.timedelta(days=2)
CHUNK = 65_536


def names(region: str, buckets: Sequence[str]) -> list[str]:
    """The names by which hosts of a region call AWS."""
    services = [f"{service}.{region}.amazonaws.com" for service in SERVICES]
    return [*services, *(f"{bucket}.s3.{region}.amazonaws.com" for bucket in buckets)]


class Authority:
    """A certificate authority that booted hosts trust, created by each process that boots some."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AskProAI sandbox")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        built = self._builder(self._name, self._key.public_key()).add_extension(constraints, critical=True)
        self.certificate = built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, dns_names: Sequence[str]) -> tuple[str, str]:
        """A certificate for names, and its key, both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulated")])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
        built = (
            self._builder(subject, key.public_key())
            .add_extension(alternatives, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        signed = built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return signed, private.decode()

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LIFETIME)
            .not_valid_after(now + LIFETIME)
        )


class Forwarder:
    """Listens on `listener` with TLS, and connects each client to `target`, an address of this machine's loopback."""

    def __init__(self, listener: socket.socket, target: tuple[str, int], certificate: str, key: str) -> None:
        self._listener = listener
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            chain, private = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_text(certificate)
            private.write_text(key)
            self._context.load_cert_chain(chain, private)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        """In one thread: two of them must not use the same TLS connection."""
        with (
            suppress(OSError),
            plain,
            self._context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(self._target) as upstream,
        ):
            while True:
                # The socket does not signal data that TLS has already read.
                ready = [client] if client.pending() else select.select([client, upstream], [], [])[0]
                for source, sink in ((client, upstream), (upstream, client)):
                    if source in ready:
                        block = source.recv(CHUNK)
                        if not block:
                            return
                        sink.sendall(block)
