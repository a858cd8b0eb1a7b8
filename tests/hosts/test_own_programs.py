"""The programs on a host, asked against an AWS in this process: the release, the secrets, the leader of a group."""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from runpy import run_path
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


class Host:
    """The host around the program: what its metadata and systemd say, one answer after the other, and what it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, states: list[str | None], running: list[str]) -> None:
        self.program = program("finish_jobs")
        self.did: list[str] = []
        told = {"autoscaling/target-lifecycle-state": states, "instance-id": ["i-1"]}

        def metadata(path: str) -> str | None:
            return told[path].pop(0)

        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
            self.did.append(command[1])
            told = b"" if command[1] in ("start", "stop") else running.pop(0).encode()
            return subprocess.CompletedProcess(command, 0, told)

        def client(_: str) -> Host:
            return self

        monkeypatch.setattr(self.program, "metadata", metadata)
        monkeypatch.setattr(self.program, "group_of", {"i-1": "workers"}.get)
        monkeypatch.setattr(self.program.subprocess, "run", run)
        monkeypatch.setattr(self.program.boto3, "client", client)
        monkeypatch.setattr(self.program.time, "sleep", self.slept)

    def slept(self, _: float) -> None:
        self.did.append("wait")

    def record_lifecycle_action_heartbeat(self, **action: str) -> None:
        self.did.append(f"hold {action['AutoScalingGroupName']} {action['LifecycleHookName']}")

    def complete_lifecycle_action(self, **action: str) -> None:
        self.did.append(f"let {action['InstanceId']} go")


def test_an_instance_goes_when_its_last_job_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, [], ["a job runs", "a job runs", ""])
    host.program.finish("finish")
    held = ["list-units", "hold workers finish", "wait"]
    assert host.did == ["stop", *held, *held, "list-units", "let i-1 go"]


@pytest.mark.parametrize(("state", "leaving"), [("InService", False), ("Terminated", True), (None, False)])
def test_an_instance_leaves_when_termination_is_its_target(
    monkeypatch: pytest.MonkeyPatch, state: str | None, leaving: bool
) -> None:
    assert Host(monkeypatch, [state], []).program.leaving() is leaving


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, bytes]]]:
    """The answers that visitors get, one after the other, from a server."""
    answers: list[tuple[int, bytes]] = []

    class Edge(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Edge)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("ASKPROAI_VISITORS_URL", f"http://127.0.0.1:{server.server_port}/api/health")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    yield answers
    server.shutdown()
    server.server_close()


def test_a_worker_rests_while_another_region_serves(
    monkeypatch: pytest.MonkeyPatch, visitors: list[tuple[int, bytes]]
) -> None:
    host = Host(monkeypatch, [], [])
    here, away = json.dumps({"region": REGION}).encode(), b'{"region": "eu-west-1"}'
    steps: list[tuple[tuple[int, bytes], bool | None, list[str]]] = [
        ((503, b"nobody"), None, []),
        ((200, away), True, ["stop"]),
        ((200, away), True, []),
        # Nobody says anything: a region that rests does not begin because the other has a bad minute.
        ((503, away), True, []),
        ((200, b"<html>"), True, []),
        ((200, b"[]"), True, []),
        ((200, here), False, ["start"]),
        ((200, here), False, []),
        ((502, b""), False, []),
        ((200, away), True, ["stop"]),
    ]
    rests: bool | None = None
    for number, (answer, expected, did) in enumerate(steps):
        visitors.append(answer)
        host.did.clear()
        rests = host.program.follow_visitors(rests)
        assert (rests, host.did) == (expected, did), number


def test_an_instance_asks_for_visitors_until_it_is_to_be_terminated(
    monkeypatch: pytest.MonkeyPatch, visitors: list[tuple[int, bytes]]
) -> None:
    host = Host(monkeypatch, ["InService", "InService", "Terminated"], [])
    visitors.append((200, b'{"region": "eu-west-1"}'))
    host.program.work()
    assert host.did == ["stop", "wait", "wait"]
    assert visitors == []


class Keys:
    """An OpenPGP key of its own, and what it signs."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self._gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--yes", "--passphrase", ""]
        self._run("--quick-generate-key", "test", "rsa2048", "sign", "never")
        listed = self._run("--with-colons", "--list-keys").decode()
        self.fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def public(self, *, armored: bool) -> bytes:
        return self._run(*(["--armor"] if armored else []), "--export")

    def sign(self, file: Path) -> None:
        self._run("--detach-sign", "--output", f"{file}.sig", str(file))

    def _run(self, *arguments: str) -> bytes:
        return subprocess.run([*self._gpg, *arguments], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Keys]:
    missing = [name for name in ("gpg", "gpgv") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"signatures need {', '.join(missing)}: apt-get install gpg gpgv")
    return {name: Keys(tmp_path_factory.mktemp("gpg") / name) for name in ("of AWS", "another")}


@pytest.fixture
def download(tmp_path: Path, keys: dict[str, Keys]) -> Path:
    """A package that the key of AWS signed."""
    file = tmp_path / "agent.deb"
    file.write_bytes(b"the agent")
    keys["of AWS"].sign(file)
    return file


def verify(download: Path, key: Keys, folder: Path, fingerprint: str, *, armored: bool = True) -> Path:
    folder.mkdir()
    ring = folder / "key"
    ring.write_bytes(key.public(armored=armored))
    found: Path = program("install_agent").verified(download.as_uri(), ring.as_uri(), folder, fingerprint)
    return found


@pytest.mark.parametrize("armored", [True, False])
def test_an_agent_that_aws_signed_is_installed(
    download: Path, keys: dict[str, Keys], tmp_path: Path, armored: bool
) -> None:
    aws = keys["of AWS"]
    file = verify(download, aws, tmp_path / "here", aws.fingerprint, armored=armored)
    assert file.read_bytes() == b"the agent"


def test_an_agent_that_was_changed_is_not_installed(download: Path, keys: dict[str, Keys], tmp_path: Path) -> None:
    download.write_bytes(b"another agent")
    with pytest.raises(subprocess.CalledProcessError):
        verify(download, keys["of AWS"], tmp_path / "here", keys["of AWS"].fingerprint)


def test_an_agent_that_comes_with_a_key_of_its_own_is_not_installed(
    download: Path, keys: dict[str, Keys], tmp_path: Path
) -> None:
    Path(f"{download}.sig").unlink()
    keys["another"].sign(download)
    with pytest.raises(ValueError, match=f"signed by {keys['another'].fingerprint}, not by"):
        verify(download, keys["another"], tmp_path / "here", keys["of AWS"].fingerprint)


def test_the_agent_is_that_of_the_region_and_the_distribution() -> None:
    assert program("install_agent").package(REGION, "ubuntu", "arm64") == (
        f"https://s3.{REGION}.amazonaws.com/amazoncloudwatch-agent-{REGION}/ubuntu/arm64/latest/amazon-cloudwatch-agent.deb"
    )
