"""The stand-in for RDS and ElastiCache: MariaDB and Redis of Debian, under the addresses that AWS gives for them."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

DATABASE = "askproai"
TLS = "/etc/askproai-data"

SCHEMA = f"CREATE DATABASE {DATABASE}; USE {DATABASE}; CREATE TABLE canary (id BIGINT PRIMARY KEY);"

# As the parameter group of the declared database has it (`require_secure_transport`).
MARIADB = f"""[mariadbd]
bind-address = 0.0.0.0
skip-name-resolve
require_secure_transport = ON
ssl_cert = {TLS}/certificate.pem
ssl_key = {TLS}/mariadb.pem
"""


@dataclass(frozen=True)
class Endpoint:
    """An address that a client connects to."""

    address: str
    port: int


@dataclass(frozen=True)
class Stores:
    """The databases and caches of a region, and the accounts that the application has there."""

    databases: tuple[Endpoint, ...]
    caches: tuple[Endpoint, ...]
    username: str
    password: str
    auth_token: str

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them."""
        return self.databases + self.caches


def stores(client: Callable[[str], Any]) -> Stores:
    """What the emulated AWS declares: addresses, and the accounts in its secrets."""
    databases = client("rds").describe_db_instances()["DBInstances"]
    caches = client("elasticache").describe_replication_groups()["ReplicationGroups"]
    secrets: dict[str, str] = {}
    manager = client("secretsmanager")
    for secret in manager.list_secrets()["SecretList"]:
        # Others have secrets too, which are no JSON.
        with suppress(ValueError):
            secrets |= json.loads(manager.get_secret_value(SecretId=secret["ARN"])["SecretString"])
    return Stores(
        databases=tuple(Endpoint(one["Endpoint"]["Address"], one["Endpoint"]["Port"]) for one in databases),
        caches=tuple(
            Endpoint(found["Address"], found["Port"]) for one in caches if (found := one.get("ConfigurationEndpoint"))
        ),
        username=secrets.get("username", ""),
        password=secrets.get("password", ""),
        auth_token=secrets.get("auth_token", ""),
    )


def files(declared: Stores, certificate: str, key: str) -> dict[str, str]:
    """The files of the machine; both servers start with it."""
    return {
        "/etc/cloud/cloud-init.disabled": "",
        "/etc/systemd/system/data.service": _unit(),
        "/etc/systemd/system/multi-user.target.d/data.conf": "[Unit]\nWants=data.service\n",
        "/usr/local/sbin/start-data": _start(declared),
        "/etc/mysql/mariadb.conf.d/90-sandbox.cnf": MARIADB,
        "/etc/redis/redis.conf": _redis(declared),
        f"{TLS}/certificate.pem": certificate,
        f"{TLS}/key.pem": key,
    }


def _unit() -> str:
    return "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/sbin/start-data\n"


def _start(declared: Stores) -> str:
    account = f"CREATE USER '{declared.username}'@'%' IDENTIFIED BY '{_quoted(declared.password)}';"
    grant = f"GRANT ALL ON {DATABASE}.* TO '{declared.username}'@'%';"
    return f"""#!/bin/sh
set -eu
install --owner=mysql --mode=600 {TLS}/key.pem {TLS}/mariadb.pem
chown redis {TLS}/key.pem
chmod 600 {TLS}/key.pem
systemctl start mariadb redis-server
mariadb <<'END'
{SCHEMA}
{account}
{grant}
END
"""


def _redis(declared: Stores) -> str:
    port = declared.caches[0].port if declared.caches else 6379
    token = f'requirepass "{declared.auth_token}"\n' if declared.auth_token else ""
    return f"""bind 0.0.0.0
port 0
tls-port {port}
tls-cert-file {TLS}/certificate.pem
tls-key-file {TLS}/key.pem
tls-auth-clients no
dir /var/lib/redis
supervised systemd
daemonize no
{token}"""


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")
