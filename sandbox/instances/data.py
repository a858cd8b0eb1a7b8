"""Replaces RDS and ElastiCache: Debian's MariaDB and Redis, at the addresses from AWS."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hosts

DATABASE = "askproai"
TLS = "/etc/askproai-data"

SCHEMA = f"CREATE DATABASE {DATABASE}; USE {DATABASE}; CREATE TABLE canary (id BIGINT PRIMARY KEY);"

RIGHTS = Path(hosts.__file__).parent / "workers/etc/askproai/database-accounts.json"
"""The privileges of each account, by their object; `schema` is the application's."""
OF_ACCOUNTS = "-database-"
"""The prefix of the account's name in the names of their secrets."""

# As in the parameter group of the declared database (`require_secure_transport`).
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
class Account:
    """An account on the database; without a `name` it has all privileges."""

    name: str
    username: str
    password: str


@dataclass(frozen=True)
class Stores:
    """The databases and caches of a region, and the accounts there."""

    databases: tuple[Endpoint, ...]
    caches: tuple[Endpoint, ...]
    accounts: tuple[Account, ...]
    auth_token: str

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them."""
        return self.databases + self.caches


def stores(client: Callable[[str], Any]) -> Stores:
    """The data stores in the emulated AWS: addresses, and the accounts in its secrets."""
    databases = client("rds").describe_db_instances()["DBInstances"]
    caches = client("elasticache").describe_replication_groups()["ReplicationGroups"]
    contents = dict(_secrets(client("secretsmanager")))
    return Stores(
        databases=tuple(Endpoint(one["Endpoint"]["Address"], one["Endpoint"]["Port"]) for one in databases),
        caches=tuple(
            Endpoint(found["Address"], found["Port"]) for one in caches if (found := one.get("ConfigurationEndpoint"))
        ),
        accounts=tuple(
            Account(name.partition(OF_ACCOUNTS)[2], content["username"], content["password"])
            for name, content in contents.items()
            if "username" in content
        ),
        auth_token=next((each["auth_token"] for each in contents.values() if "auth_token" in each), ""),
    )


def make_accounts(manager: Any) -> None:
    """Give accounts' secrets a value if they have none, because `ops secrets rotate database` was not run."""
    for secret in manager.list_secrets()["SecretList"]:
        name = secret["Name"].partition(OF_ACCOUNTS)[2]
        if name and not manager.describe_secret(SecretId=secret["ARN"]).get("VersionIdsToStages"):
            content = {"username": f"{name}_1", "password": secrets.token_hex(20)}
            manager.put_secret_value(SecretId=secret["ARN"], SecretString=json.dumps(content))


def _secrets(manager: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """The secrets that are JSON objects, by name."""
    for secret in manager.list_secrets()["SecretList"]:
        with suppress(ValueError, manager.exceptions.ResourceNotFoundException):
            content = json.loads(manager.get_secret_value(SecretId=secret["ARN"])["SecretString"])
            if isinstance(content, dict):
                yield secret["Name"], content


def files(declared: Stores, certificate: str, key: str) -> dict[str, str]:
    """The files of the machine, with which both servers start."""
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
    accounts = "\n".join(line for account in declared.accounts for line in _made(account))
    return f"""#!/bin/sh
set -eu
install --owner=mysql --mode=600 {TLS}/key.pem {TLS}/mariadb.pem
chown redis {TLS}/key.pem
chmod 600 {TLS}/key.pem
systemctl start mariadb redis-server
mariadb <<'END'
{SCHEMA}
{accounts}
END
"""


def _made(account: Account) -> Iterator[str]:
    """The account with the privileges that it has on RDS."""
    user = f"'{account.username}'@'%'"
    yield f"CREATE USER {user} IDENTIFIED BY '{_quoted(account.password)}';"
    if not account.name:
        yield f"GRANT ALL ON *.* TO {user} WITH GRANT OPTION;"
        return
    rights = json.loads(RIGHTS.read_text())[account.name]
    for place, what in rights.items():
        yield f"GRANT {what} ON {f'{DATABASE}.*' if place == 'schema' else place} TO {user};"


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
