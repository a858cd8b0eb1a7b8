"""The platform's secrets, which hosts read at run time: none is in user data, an image or the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.json_document import json_document
from components.security.keys import Keys
from components.security.offsite_keys import OffsiteKeys
from components.site import Site
from naming import DataClass
from settings import SecretsSettings, StackSecrets

SecretRole = Literal[
    "app",
    "database",
    "cache",
    "database-application",
    "database-migrations",
    "database-monitoring",
    "database-dbadmin",
]
ACCOUNTS: dict[SecretRole, str] = {
    "database-application": "The application's account on the database: it reads and writes rows.",
    "database-migrations": "The account of migrations: it changes tables, while a deployment migrates.",
    "database-monitoring": "The monitoring host's account on the database: it reads how the server does.",
    "database-dbadmin": "The account of people with the role dbadmin.",
}
"""Accounts on the database, whose values "ops secrets rotate database" creates: neither the stack's configuration nor
its state has them. Their privileges: `hosts/web/usr/local/lib/askproai/database_accounts.py`."""

NAME_LIMIT = 512


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """`database_username`, the administrator, is stored with its password, because a reader needs both.

    With `offsite_keys`, each secret has a replica in their region, which compares its own secrets with them before it
    takes over.
    """

    site: Site
    keys: Keys
    settings: SecretsSettings
    database_username: str
    values: StackSecrets
    monitored: bool = False
    offsite_keys: OffsiteKeys | None = None


class Secrets(Component):
    """A secret for each reader, `secrets["app"]` and so on: a reader of the cache's token does not get the database's
    password, and the application does not get the administrator's. Plus `receivers`, whom the monitoring host
    notifies."""

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security:Secrets", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        values = args.values
        account: dict[str, pulumi.Input[str]] = {
            "username": args.database_username,
            "password": values.database_password,
        }
        self._secrets: dict[SecretRole, aws.secretsmanager.Secret] = {
            "app": self._secret("app", "Laravel's application key.", self._of_application()),
            "database": self._secret("database", "The database's administrator, who makes its accounts.", account),
            "cache": self._secret("cache", "The cache's token.", {"auth_token": values.cache_auth_token}),
            **{role: self._secret(role, description) for role, description in ACCOUNTS.items()},
        }
        self.receivers = self._receivers()
        self.register_outputs(self.arns)

    def __getitem__(self, role: SecretRole) -> aws.secretsmanager.Secret:
        return self._secrets[role]

    @property
    def arns(self) -> dict[str, pulumi.Output[str]]:
        """The ARN of every secret, by role."""
        return {role: secret.arn for role, secret in self._secrets.items()}

    @property
    def of_application(self) -> dict[str, pulumi.Output[str]]:
        """The ARNs of the secrets that application hosts read, by their purpose."""
        return {
            "app": self["app"].arn,
            "database": self["database-application"].arn,
            "cache": self["cache"].arn,
        }

    def _of_application(self) -> dict[str, pulumi.Input[str]]:
        values = self._args.values
        sentry = {"sentry_dsn": values.sentry_dsn} if values.sentry_dsn else {}
        return {"app_key": values.app_key, **sentry}

    def _receivers(self) -> aws.secretsmanager.Secret | None:
        """Not among the `arns`: each region has its own dead man's switch, so the values may differ.

        Declared even without receivers: it is protected, so it could not be deleted with the last one.
        """
        if not self._args.monitored:
            return None
        return self._secret("receivers", "Whom the monitoring host tells.", dict(self._args.values.receivers))

    def _secret(
        self, role: str, description: str, content: dict[str, pulumi.Input[str]] | None = None
    ) -> aws.secretsmanager.Secret:
        """A secret with a JSON object. Without `content`, a command of `ops` writes it.

        Unprotected, it is deleted immediately, without a recovery window: its value is in the stack's configuration, or
        belongs to a database that is deleted too, and the next deployment of the stack could not use a name that is in
        its recovery window.
        """
        recovery_days = self._args.settings.recovery_window_days if self._args.site.protected else 0
        secret = aws.secretsmanager.Secret(
            f"{self._name}-{role}",
            name=self._args.site.naming.physical(role, NAME_LIMIT),
            description=description,
            kms_key_id=self._args.keys["secrets"].arn,
            recovery_window_in_days=recovery_days,
            replicas=self._replicas(),
            opts=self.child(protect=self._args.site.protected),
        )
        if content is not None:
            aws.secretsmanager.SecretVersion(
                f"{self._name}-{role}-value",
                secret_id=secret.id,
                secret_string=pulumi.Output.secret(json_document(content)),
                opts=self.child(),
            )
        return secret

    def _replicas(self) -> list[aws.secretsmanager.SecretReplicaArgs] | None:
        keys = self._args.offsite_keys
        if keys is None:
            return None
        return [aws.secretsmanager.SecretReplicaArgs(region=keys.region, kms_key_id=keys["secrets"].arn)]
