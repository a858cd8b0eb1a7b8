"""The application's secrets, where the hosts read them at run time: none is in user data, an image or the code."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.keys import Keys
from components.security.offsite_keys import OffsiteKeys
from naming import DataClass, Naming
from settings import SecretsSettings, StackSecrets

NAME_LIMIT = 512


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """`database_username` stands beside its password, since a reader needs both.

    Where there are `offsite_keys`, each secret has a replica in their region: that region compares its own with them
    before it takes over.
    """

    naming: Naming
    keys: Keys
    settings: SecretsSettings
    database_username: str
    values: StackSecrets
    protected: bool
    offsite_keys: OffsiteKeys | None = None


class Secrets(Component):
    """Three secrets, so that who needs the cache's token does not get the database's password."""

    app: aws.secretsmanager.Secret
    database: aws.secretsmanager.Secret
    cache: aws.secretsmanager.Secret

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security", name, args.naming, data_class=DataClass.CONFIDENTIAL, opts=opts)
        self._name = name
        self._args = args
        values = args.values
        self.app = self._secret("app", "Laravel's application key.", {"app_key": values.app_key})
        self.database = self._secret(
            "database",
            "The application's account on the database.",
            {"username": args.database_username, "password": values.database_password},
        )
        self.cache = self._secret("cache", "The cache's token.", {"auth_token": values.cache_auth_token})
        self.register_outputs({"app": self.app.arn, "database": self.database.arn, "cache": self.cache.arn})

    def _secret(self, role: str, description: str, content: dict[str, pulumi.Input[str]]) -> aws.secretsmanager.Secret:
        """A secret that holds a JSON object.

        Once its end is allowed it goes at once: its value is the stack's, and a name that AWS keeps for a recovery
        could not be taken by the next life of the stack.
        """
        recovery_days = self._args.settings.recovery_window_days if self._args.protected else 0
        secret = aws.secretsmanager.Secret(
            f"{self._name}-{role}",
            name=self._args.naming.physical(role, NAME_LIMIT),
            description=description,
            kms_key_id=self._args.keys.secrets.arn,
            recovery_window_in_days=recovery_days,
            replicas=self._replicas(),
            opts=self.child(protect=self._args.protected),
        )
        aws.secretsmanager.SecretVersion(
            f"{self._name}-{role}-value",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(pulumi.Output.json_dumps(content)),
            opts=self.child(),
        )
        return secret

    def _replicas(self) -> list[aws.secretsmanager.SecretReplicaArgs] | None:
        keys = self._args.offsite_keys
        return [aws.secretsmanager.SecretReplicaArgs(region=keys.region, kms_key_id=keys.secrets.arn)] if keys else None
