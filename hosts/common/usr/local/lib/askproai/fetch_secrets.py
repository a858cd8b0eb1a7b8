"""Write the application's secrets and the addresses of its data stores into memory, for its user alone."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import boto3

FOLDER = Path("/run/askproai")
NAMES = {
    "APP": {"app_key": "APP_KEY", "sentry_dsn": "SENTRY_LARAVEL_DSN"},
    "DATABASE": {"username": "DB_USERNAME", "password": "DB_PASSWORD"},
    "CACHE": {"auth_token": "REDIS_PASSWORD"},
}
"""The fields of each secret, and the variables in which Laravel expects them. Not every role gets all of them."""
OPTIONAL = {"sentry_dsn"}
"""Optional; without it Sentry's SDK sends nothing (its documentation, "Laravel", "Options")."""


def secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with the secrets' values; `environment` has the ARN of each secret."""
    client = boto3.client("secretsmanager")
    values: dict[str, str] = {}
    given = {role: arn for role in NAMES if (arn := environment.get(f"ASKPROAI_SECRET_{role}"))}
    for role, arn in given.items():
        fields = NAMES[role]
        answer = client.get_secret_value(SecretId=arn)
        content = json.loads(answer["SecretString"])
        present = {field: variable for field, variable in fields.items() if field in content or field not in OPTIONAL}
        values |= {variable: content[field] for field, variable in present.items()}
    return values


def addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """The addresses of database and cache, from their identifiers: AWS chooses parts of the addresses."""
    database = environment["ASKPROAI_DATABASE"]
    [instance] = boto3.client("rds").describe_db_instances(DBInstanceIdentifier=database)["DBInstances"]
    found = {"DB_HOST": instance["Endpoint"]["Address"], "DB_PORT": str(instance["Endpoint"]["Port"])}
    cache = environment.get("ASKPROAI_CACHE")
    if cache:
        answer = boto3.client("elasticache").describe_replication_groups(ReplicationGroupId=cache)
        endpoint = answer["ReplicationGroups"][0]["ConfigurationEndpoint"]
        found |= {"REDIS_HOST": endpoint["Address"], "REDIS_PORT": str(endpoint["Port"])}
    return found


def write(path: Path, values: Mapping[str, str], owner: str) -> None:
    """An environment file that only `owner` can read."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400), "w") as file:
        file.writelines(f"{name}={quoted(value)}\n" for name, value in sorted(values.items()))
    shutil.chown(new, owner, owner)
    new.replace(path)


def quoted(value: str) -> str:
    """In double quotes, as systemd and shells read them. Raises ValueError for a multi-line value."""
    if "\n" in value:
        raise ValueError("a secret of several lines cannot be in an environment file")
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'


if __name__ == "__main__":
    user = os.environ["ASKPROAI_USER"]
    write(FOLDER / "secrets.env", secrets(os.environ), user)
    write(FOLDER / "addresses.env", addresses(os.environ), user)
