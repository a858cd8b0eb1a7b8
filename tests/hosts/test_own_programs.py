"""The programs on a host, asked against an AWS in this process: the release, the secrets, the leader of a group."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from stack_files import ROOT

PROGRAMS = {path.stem: path for path in (ROOT / "hosts").rglob("usr/local/lib/askproai/*.py")}
REGION = "us-east-1"
OWNER = "root"
VERSION = "2025.01.10-1"


def program(name: str) -> ModuleType:
    spec = spec_from_file_location(name, PROGRAMS[name])
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    """Who was given what: to hand over files needs root."""
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
