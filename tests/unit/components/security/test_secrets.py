"""The application's secrets in Secrets Manager."""

import json

import pulumi
import pytest
from fake_cloud import Cloud, deploy
from parts import NAMING, PROD, SITE, ground
from stack_files import ROOT

from components.security.secrets import ACCOUNTS, SecretRole, Secrets, SecretsArgs
from settings import StackSecrets

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ROLES = ["app", "database", "cache"]
RIGHTS = ROOT / "hosts/workers/etc/askproai/database-accounts.json"
FIELDS: dict[str, dict[str, str]] = {
    "app": {"app_key": "the key", "sentry_dsn": "https://k@sentry.example.com/1"},
    "receivers": {},
}


def deployed(sentry_dsn: str | None = None) -> Cloud[Secrets]:
    def build() -> Secrets:
        values = StackSecrets(
            database_password=pulumi.Output.secret("the password"),
            cache_auth_token=pulumi.Output.secret("the token"),
            app_key=pulumi.Output.secret("the key"),
            origin_pull_ca=pulumi.Output.secret("the authority"),
            sentry_dsn=pulumi.Output.secret(sentry_dsn) if sentry_dsn else None,
        )
        args = SecretsArgs(
            site=SITE,
            keys=ground().built.keys,
            settings=PROD.secrets,
            database_username=PROD.database.username,
            values=values,
            monitored=True,
        )
        return Secrets("secrets", args)

    return deploy(build)


@pytest.fixture(scope="module")
def cloud() -> Cloud[Secrets]:
    return deployed()


@pytest.mark.parametrize("role", ROLES)
def test_every_secret_is_encrypted_with_the_secrets_key_recoverable_and_protected(
    cloud: Cloud[Secrets], role: str
) -> None:
    secret = cloud.one(SECRET, f"secrets-{role}")
    assert secret.protect
    assert secret.inputs["kmsKeyId"] == cloud.value(ground().built.keys["secrets"].arn)
    assert secret.inputs["recoveryWindowInDays"] == PROD.secrets.recovery_window_days


def test_an_account_on_the_database_has_a_secret_of_its_own_and_no_value_in_state(cloud: Cloud[Secrets]) -> None:
    for role in ACCOUNTS:
        secret = cloud.one(SECRET, f"secrets-{role}")
        assert (secret.inputs["name"], secret.protect) == (NAMING.physical(role, 512), True), role
        assert not [version for version in cloud.of(VERSION) if role in version.name], role
    assert set(ACCOUNTS) == {f"database-{name}" for name in json.loads(RIGHTS.read_text())}


def test_the_receivers_secret_exists_without_receivers(
    cloud: Cloud[Secrets],
) -> None:
    assert cloud.one(SECRET, "secrets-receivers").protect
    assert json.loads(cloud.one(VERSION, "secrets-receivers-value").inputs["secretString"]) == {}


@pytest.mark.parametrize("role", ROLES)
def test_every_secret_is_named_by_its_role(cloud: Cloud[Secrets], role: str) -> None:
    assert cloud.one(SECRET, f"secrets-{role}").inputs["name"] == NAMING.physical(role, 512)


@pytest.mark.parametrize(
    ("role", "content"),
    [
        ("app", {"app_key": "the key"}),
        ("database", {"username": "askproai", "password": "the password"}),
        ("cache", {"auth_token": "the token"}),
    ],
)
def test_each_secret_holds_its_own_values_alone(
    cloud: Cloud[Secrets], role: SecretRole, content: dict[str, str]
) -> None:
    version = cloud.one(VERSION, f"secrets-{role}-value")
    assert json.loads(version.inputs["secretString"]) == content
    assert version.inputs["secretId"] == cloud.value(cloud.built[role].id)


def test_the_application_is_told_of_sentry_where_its_dsn_is_set_and_monitoring_never() -> None:
    cloud = deployed("https://k@sentry.example.com/1")
    stored = {role: json.loads(cloud.one(VERSION, f"secrets-{role}-value").inputs["secretString"]) for role in FIELDS}
    assert stored == FIELDS
    assert "secretString" in cloud.one(VERSION, "secrets-app-value").secrets


@pytest.mark.parametrize("role", ROLES)
def test_values_are_secrets_to_pulumi_too(cloud: Cloud[Secrets], role: str) -> None:
    assert "secretString" in cloud.one(VERSION, f"secrets-{role}-value").secrets


def test_no_value_is_in_any_other_resource(cloud: Cloud[Secrets]) -> None:
    others = [resource for resource in cloud.resources if resource.type != VERSION]
    assert not [r.urn for r in others for value in ("the password", "the token", "the key") if value in str(r.inputs)]
