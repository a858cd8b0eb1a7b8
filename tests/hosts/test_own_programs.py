"""The programs on a host, with an AWS in this process: the release, the secrets, the leader of a group."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from programs import PROGRAMS, REGION, program

OWNER = "root"
VERSION = "2025.01.10-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            packed.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def released(content: bytes, checksum: str) -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="releases")
    s3.put_object(Bucket="releases", Key=f"releases/{VERSION}.tar.gz", Body=content)
    s3.put_object(Bucket="releases", Key=f"releases/{VERSION}.tar.gz.sha256", Body=f"{checksum}  {VERSION}.tar.gz\n")


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The recorded owners of files, because changing owners needs root."""
    given: list[tuple[str, str]] = []

    def chown(path: Path, user: str, group: str) -> None:
        given.append((Path(path).name, user))

    monkeypatch.setattr("shutil.chown", chown)
    return given


@pytest.mark.usefixtures("aws")
def test_a_release_is_unpacked_and_becomes_the_current_one(tmp_path: Path, owned: list[tuple[str, str]]) -> None:
    content = archive(artisan="php", **{"public/index.php": "<?php"})
    released(content, hashlib.sha256(content).hexdigest())
    fetch = program("fetch_release")
    folder = fetch.fetch(VERSION, "releases", tmp_path, OWNER)
    fetch.make_current(folder, tmp_path)
    fetch.make_current(folder, tmp_path)
    assert (tmp_path / "current" / "public" / "index.php").read_text() == "<?php"
    assert (tmp_path / "current").resolve() == tmp_path / "releases" / VERSION
    assert {("storage", OWNER), ("cache", OWNER)} == set(owned)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "releases"]


@pytest.mark.usefixtures("aws", "owned")
def test_a_release_that_differs_from_its_checksum_leaves_nothing(tmp_path: Path) -> None:
    released(archive(artisan="spoilt"), "0" * 64)
    with pytest.raises(ValueError, match="its checksum file says 0000"):
        program("fetch_release").fetch(VERSION, "releases", tmp_path, OWNER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("aws", "owned")
def test_a_release_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    content = archive(**{"../../outside": "x"})
    released(content, hashlib.sha256(content).hexdigest())
    with pytest.raises(tarfile.OutsideDestinationError):
        program("fetch_release").fetch(VERSION, "releases", tmp_path, OWNER)


AWKWARD = "a\"b$HOME`id`\\n' c#;"


@pytest.mark.usefixtures("aws", "owned")
def test_a_shell_reads_every_secret_as_it_is_and_nobody_else_reads_the_file(tmp_path: Path) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    contents = {
        "APP": '{"app_key": "base64:k="}',
        "DATABASE": json.dumps({"username": "u", "password": AWKWARD}),
        "CACHE": '{"auth_token": "t"}',
    }
    environment = {
        f"ASKPROAI_SECRET_{role}": client.create_secret(Name=role, SecretString=text)["ARN"]
        for role, text in contents.items()
    }
    fetch = program("fetch_secrets")
    file = tmp_path / "secrets.env"
    for _ in range(2):
        fetch.write(file, fetch.secrets(environment), OWNER)
    assert file.stat().st_mode & 0o777 == 0o400
    printed = 'printf "%s\\n" "$APP_KEY" "$DB_USERNAME" "$DB_PASSWORD" "$REDIS_PASSWORD"'
    shown = subprocess.run(
        ["sh", "-c", f'. "$1"; {printed}', "sh", file],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines() == ["base64:k=", "u", AWKWARD, "t"]


@pytest.mark.usefixtures("aws")
def test_the_application_is_told_of_sentry_where_its_secret_names_it_and_never_goes_without_its_key() -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    fetch = program("fetch_secrets")

    def told(content: str) -> dict[str, str]:
        arn = client.create_secret(Name=f"app-{hash(content)}", SecretString=content)["ARN"]
        return dict(fetch.secrets({"ASKPROAI_SECRET_APP": arn}))

    dsn = "https://k@sentry.example.com/1"
    assert told(json.dumps({"app_key": "k", "sentry_dsn": dsn})) == {"APP_KEY": "k", "SENTRY_LARAVEL_DSN": dsn}
    with pytest.raises(KeyError, match="app_key"):
        told(json.dumps({"sentry_dsn": dsn}))


@pytest.mark.usefixtures("aws")
def test_an_account_that_is_not_current_yet_is_read_by_its_version() -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name="account", SecretString='{"username": "u_1"}')["ARN"]
    new = "0" * 32
    client.put_secret_value(
        SecretId=arn, SecretString='{"username": "u_2"}', ClientRequestToken=new, VersionStages=["AWSPENDING"]
    )
    secret = program("database_accounts").secret
    assert [secret(arn)["username"], secret(arn, new)["username"]] == ["u_1", "u_2"]


@pytest.mark.usefixtures("aws")
def test_a_command_has_the_other_account_and_keeps_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    content = json.dumps({"username": "migrations_1", "password": AWKWARD})
    arn = client.create_secret(Name="migrations", SecretString=content)["ARN"]
    monkeypatch.setattr("sys.argv", ["as_account.py", arn, "/usr/bin/php", "artisan", "migrate"])
    monkeypatch.setenv("DB_USERNAME", "application_1")
    monkeypatch.setenv("DB_HOST", "the-database")
    became: list[Any] = []

    def execve(*given: object) -> None:
        became.append(given)

    monkeypatch.setattr("os.execve", execve)
    run_path(str(PROGRAMS["as_account"]), run_name="__main__")
    ((path, arguments, environment),) = became
    assert (path, arguments) == ("/usr/bin/php", ["/usr/bin/php", "artisan", "migrate"])
    assert [environment[name] for name in ("DB_USERNAME", "DB_PASSWORD", "DB_HOST")] == [
        "migrations_1",
        AWKWARD,
        "the-database",
    ]


def test_a_secret_of_several_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="several lines"):
        program("fetch_secrets").quoted("a\nb")


@pytest.mark.parametrize(
    ("instances", "first"),
    [
        ([("i-2", "InService"), ("i-1", "InService")], "i-1"),
        ([("i-2", "InService"), ("i-1", "Terminating:Wait")], "i-2"),
        ([("i-1", "Pending")], None),
        ([], None),
    ],
)
def test_one_instance_in_service_leads(instances: list[tuple[str, str]], first: str | None) -> None:
    rows: list[dict[str, Any]] = [{"InstanceId": name, "LifecycleState": state} for name, state in instances]
    assert program("leads").leader(rows) == first


@pytest.mark.usefixtures("aws")
def test_an_instance_that_left_its_group_does_not_lead() -> None:
    assert program("leads").leads("i-0123456789abcdef0") is False
