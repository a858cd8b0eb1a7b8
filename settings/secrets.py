"""The stack's secrets: each has its own key, is encrypted in the stack file, and is validated without being shown."""

import base64
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from settings.problems import Problem

if TYPE_CHECKING:
    import pulumi

PASSWORD = re.compile(r"[!-~]{8,41}")
PASSWORD_REFUSED = '/@"'
TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
APP_KEY_PREFIX = "base64:"
APP_KEY_BYTES = 32
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class StackSecrets:
    """The secrets of a stack, encrypted wherever Pulumi writes them."""

    database_password: "pulumi.Output[str]"
    cache_auth_token: "pulumi.Output[str]"
    app_key: "pulumi.Output[str]"
    origin_pull_ca: "pulumi.Output[str]"
    heartbeat_url: "pulumi.Output[str] | None" = None
    on_call_webhook: "pulumi.Output[str] | None" = None
    slack_webhook: "pulumi.Output[str] | None" = None
    mail_username: "pulumi.Output[str] | None" = None
    mail_password: "pulumi.Output[str] | None" = None
    sentry_dsn: "pulumi.Output[str] | None" = None

    @property
    def receivers(self) -> "dict[str, pulumi.Output[str]]":
        """The secrets of the monitoring host's receivers, by the names of those that are set."""
        given = {name: getattr(self, name) for name in OPTIONAL if name != "sentry_dsn"}
        return {name: value for name, value in given.items() if value is not None}


def load_secrets() -> StackSecrets:
    """The secrets of the running stack; `load` has validated them before."""
    import pulumi

    config = pulumi.Config()
    given = {name: config.require_secret(name) for name in CHECKS}
    return StackSecrets(**given, **{name: value for name in OPTIONAL if (value := config.get_secret(name))})


def _database_password(value: str) -> bool:
    return PASSWORD.fullmatch(value) is not None and not set(PASSWORD_REFUSED) & set(value)


def _cache_auth_token(value: str) -> bool:
    return TOKEN.fullmatch(value) is not None


def _app_key(value: str) -> bool:
    try:
        key = base64.b64decode(value.removeprefix(APP_KEY_PREFIX), validate=True)
    except ValueError:
        return False
    return value.startswith(APP_KEY_PREFIX) and len(key) == APP_KEY_BYTES


def certificates(value: str) -> tuple[int, int]:
    """The number of certificates in a PEM text, and of authorities among them; (0, 0) for an invalid text."""
    if "PRIVATE KEY" in value or not value.isascii():
        return 0, 0
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        store.load_verify_locations(cadata=value)
    except (ssl.SSLError, ValueError):
        return 0, 0
    found = store.cert_store_stats()
    return found["x509"], found["x509_ca"]


def _authority(value: str) -> bool:
    found, authorities = certificates(value)
    return found == authorities > 0


def _webhook(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    # Without TLS only on this machine.
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == LOOPBACK))


def _line(value: str) -> bool:
    return value.isprintable() and value == value.strip()


@dataclass(frozen=True, kw_only=True)
class Check:
    """The required form of a secret, and a command that creates one; without a command, `ops` sets it."""

    accepts: Callable[[str], bool]
    want: str
    make: str | None = None

    def command(self, name: str) -> str:
        """The command that sets the secret."""
        return f"`{self.make} | pulumi config set --secret {name}`" if self.make else "`python -m ops bootstrap`"


CHECKS: Mapping[str, Check] = {
    # RDS API, CreateDBInstance, MasterUserPassword; no space, because clients lose it in connection strings.
    "database_password": Check(
        accepts=_database_password,
        want='8 to 41 printable ASCII characters without / @ " and space (RDS for MySQL)',
        make="openssl rand -hex 20",
    ),
    # ElastiCache API, CreateReplicationGroup, AuthToken.
    "cache_auth_token": Check(
        accepts=_cache_auth_token,
        want="16 to 128 letters, digits or ! & # $ ^ < > - (ElastiCache)",
        make="openssl rand -hex 32",
    ),
    # Laravel's cipher AES-256-CBC needs 32 bytes.
    "app_key": Check(
        accepts=_app_key,
        want="base64: and the Base64 of 32 bytes (Laravel's APP_KEY)",
        make='echo "base64:$(openssl rand -base64 32)"',
    ),
    # The key of this certificate, which stays outside the stacks, signs Cloudflare's client certificate.
    "origin_pull_ca": Check(
        accepts=_authority,
        want="certificates of authorities in PEM, and no private key (ELB, trust store)",
        make="openssl req -x509 -newkey rsa:2048 -sha256 -days 3650 -nodes -subj /CN=origin-pulls "
        "-keyout origin-pull-ca.key",
    ),
}

OPTIONAL: Mapping[str, Check] = {
    "heartbeat_url": Check(
        accepts=_webhook,
        want="an https:// URL outside the account, which raises an alarm when the monitoring host stops calling it",
        make="cat",
    ),
    "on_call_webhook": Check(
        accepts=_webhook,
        want="an https:// URL that accepts Alertmanager's webhook and pages the engineer on call",
        make="cat",
    ),
    # Operators' commands read it too.
    "slack_webhook": Check(
        accepts=_webhook,
        want="an https:// URL, where `ops deploy` and the monitoring host post Slack messages",
        make="cat",
    ),
    "mail_username": Check(
        accepts=_line,
        want="one line: the account on monitoring.mail_server",
        make="cat",
    ),
    "mail_password": Check(
        accepts=_line,
        want="one line: the account's password",
        make="cat",
    ),
    "sentry_dsn": Check(
        accepts=_webhook,
        want="an https:// URL: the DSN where the application sends its errors",
        make="cat",
    ),
}
"""Optional secrets."""


def problems(
    values: Mapping[str, str], encrypted: Callable[[str], bool], checks: Mapping[str, Check] = CHECKS
) -> list[Problem]:
    """The problems of the secrets among `values`. No message contains a value."""
    found = []
    for name, check in checks.items():
        value, command = values.get(name), check.command(name)
        if not value:
            if name in OPTIONAL:
                continue
            text = f"is missing; want {command}"
        elif not encrypted(name):
            text = f"is set as plain text (not shown); replace it: {command}"
        elif not check.accepts(value):
            text = f"has the wrong form (not shown); want {check.want}: {command}"
        else:
            continue
        found.append(Problem(path=(name,), text=text))
    return found
