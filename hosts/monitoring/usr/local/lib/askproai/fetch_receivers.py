"""Write the secrets of Alertmanager's receivers into memory, and its configuration with the mail account's name."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import boto3

FOLDER = Path("/run/askproai/receivers")
CONFIGURATION = Path("/etc/prometheus/alertmanager.yml")
USERNAME = "{mail_username}"


def receivers(arn: str) -> dict[str, str]:
    """The secrets by name."""
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    return dict(json.loads(answer["SecretString"]))


def configured(text: str, secrets: Mapping[str, str]) -> str:
    """The configuration, which names the mail account. A JSON string is valid YAML."""
    return text.replace(f"'{USERNAME}'", json.dumps(secrets.get("mail_username", "")))


def write(folder: Path, texts: Mapping[str, str], owner: str) -> None:
    """A file for each text, which only `owner` can read; each replaces its predecessor in one step."""
    folder.mkdir(mode=0o500, exist_ok=True)
    shutil.chown(folder, owner, owner)
    for name, text in texts.items():
        new = folder / f"{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400), "w") as file:
            file.write(text)
        shutil.chown(new, owner, owner)
        new.replace(folder / name)


if __name__ == "__main__":
    found = receivers(os.environ["ASKPROAI_SECRET_RECEIVERS"])
    configuration = configured(CONFIGURATION.read_text(), found)
    write(FOLDER, {**found, "alertmanager.yml": configuration}, os.environ["ASKPROAI_USER"])
