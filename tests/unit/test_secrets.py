"""The application's secrets in Secrets Manager."""

import json
from dataclasses import dataclass

import pulumi
import pytest
from fake_cloud import Cloud, deploy

from components.keys import Keys, KeysArgs
from components.secrets import Secrets, SecretsArgs
from naming import Naming
from settings import Settings, StackSecrets

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ROLES = ["app", "database", "cache"]


@dataclass(frozen=True)
class Ground:
    keys: Keys
    secrets: Secrets


@pytest.fixture(scope="module")
def cloud(prod: Settings, naming: Naming) -> Cloud[Ground]:
    def build() -> Ground:
        keys = Keys("keys", KeysArgs(naming=naming, region=prod.region, settings=prod.keys, protected=True))
        values = StackSecrets(
            database_password=pulumi.Output.secret("the password"),
            cache_auth_token=pulumi.Output.secret("the token"),
            app_key=pulumi.Output.secret("the key"),
            origin_pull_ca=pulumi.Output.secret("the authority"),
        )
        args = SecretsArgs(
            naming=naming,
            keys=keys,
            settings=prod.secrets,
            database_username=prod.database.username,
            values=values,
            protected=True,
        )
        return Ground(keys, Secrets("secrets", args))

    return deploy(build)


@pytest.mark.parametrize("role", ROLES)
def test_every_secret_is_encrypted_with_the_secrets_key_recoverable_and_protected(
    cloud: Cloud[Ground], prod: Settings, role: str
) -> None:
    secret = cloud.one(SECRET, f"secrets-{role}")
    assert secret.protect
    assert secret.inputs["kmsKeyId"] == cloud.value(cloud.built.keys.secrets.arn)
    assert secret.inputs["recoveryWindowInDays"] == prod.secrets.recovery_window_days


@pytest.mark.parametrize("role", ROLES)
def test_every_secret_is_named_by_its_role(cloud: Cloud[Ground], naming: Naming, role: str) -> None:
    assert cloud.one(SECRET, f"secrets-{role}").inputs["name"] == naming.physical(role, 512)


@pytest.mark.parametrize(
    ("role", "content"),
    [
        ("app", {"app_key": "the key"}),
        ("database", {"username": "askproai", "password": "the password"}),
        ("cache", {"auth_token": "the token"}),
    ],
)
def test_each_secret_holds_its_own_values_alone(cloud: Cloud[Ground], role: str, content: dict[str, str]) -> None:
    version = cloud.one(VERSION, f"secrets-{role}-value")
    assert json.loads(version.inputs["secretString"]) == content
    assert version.inputs["secretId"] == cloud.value(getattr(cloud.built.secrets, role).id)


@pytest.mark.parametrize("role", ROLES)
def test_values_are_secrets_to_pulumi_too(cloud: Cloud[Ground], role: str) -> None:
    assert "secretString" in cloud.one(VERSION, f"secrets-{role}-value").secrets


def test_no_value_is_in_any_other_resource(cloud: Cloud[Ground]) -> None:
    others = [resource for resource in cloud.resources if resource.type != VERSION]
    assert not [r.urn for r in others for value in ("the password", "the token", "the key") if value in str(r.inputs)]
