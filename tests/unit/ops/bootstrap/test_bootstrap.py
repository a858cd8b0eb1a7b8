"""`ops bootstrap` without AWS, Cloudflare and the engine: names, secrets, quotas, permissions."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_platform import copy_project
from fake_regions import refusal

from hosts.roles import APPLICATION_ROLES, ROLES
from ops import bootstrap
from ops.bootstrap import origin_pull, prerequisite, quotas, secret_values, stacks
from ops.bootstrap.prerequisite import Prerequisite, make, show
from ops.bootstrap.state_backend import StateBackend
from ops.core import hosts
from ops.core.cloudflare import TOKEN as SECRET
from ops.core.engine import Engine
from ops.core.stack_files import StackFile
from ops.core.steps import Timeline
from ops.errors import Exit, OpsError
from settings.edge_secrets import EDGE_CHECKS
from settings.secrets import CHECKS

TOKEN = "a-token-of-forty-characters-for-the-edge"
NEVER_RAISED = "L-7B6409FD"


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateBackend:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(copy_project(tmp_path)))
    monkeypatch.delenv(secret_values.TOKEN_VARIABLE, raising=False)
    return StateBackend.of()


def test_the_state_is_kept_outside_the_primary_region(backend: StateBackend) -> None:
    assert (backend.region, backend.copy_region) == ("eu-west-1", "eu-central-1")
    assert backend.all_stacks == ("prod", "dr", "edge")
    assert backend.home.bucket != backend.copy.bucket
    assert backend.account_id in backend.home.bucket
    assert backend.home.url.startswith(f"s3://{backend.home.bucket}?region=eu-west-1")
    assert backend.home.secrets_provider.startswith(f"awskms://{backend.alias}?region=eu-west-1")


def test_region_files_that_differ_in_where_the_state_is_are_refused(backend: StateBackend) -> None:
    StackFile.of("dr").set({"offsite.region": backend.copy_region})
    with pytest.raises(OpsError, match=r"differ in offsite\.region or account_id"):
        StateBackend.of()


def test_a_stack_that_no_edge_names_is_of_no_concern(backend: StateBackend, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yaml").write_text("config:\n  askproai:role: primary\n  askproai:offsite: none\n")
    assert StateBackend.of() == backend


def state(day: int, *resources: str) -> str:
    """A state as the engine writes it."""
    latest = {"manifest": {"time": f"2030-01-0{day}T00:00:00Z"}, "resources": [{"urn": urn} for urn in resources]}
    return json.dumps({"version": 3, "checkpoint": {"latest": latest}})


@pytest.fixture
def state_files(backend: StateBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the engine keeps the states of a project."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    folder = tmp_path / ".pulumi" / "stacks" / "askproai"
    folder.mkdir(parents=True)
    return folder


def test_a_stack_is_to_be_made_where_there_never_was_one_or_it_was_removed(state_files: Path) -> None:
    assert not stacks.exists("prod")
    before = state_files.parent.parent / "backups" / "askproai" / "prod" / "prod.1.json"
    before.parent.mkdir(parents=True)
    before.write_text(state(1, "urn"))
    (state_files / "prod.json.bak").write_text(state(2))
    assert not stacks.exists("prod")
    (state_files / "prod.json").write_text(state(3))
    assert stacks.exists("prod")


@pytest.mark.parametrize(("content", "is_what"), [(None, "missing"), ("", "damaged")])
def test_a_stack_whose_state_is_lost_is_not_made_a_second_time(
    state_files: Path, content: str | None, is_what: str
) -> None:
    (state_files / "prod.json.bak").write_text(state(1, "urn"))
    if content is not None:
        (state_files / "prod.json").write_text(content)
    with pytest.raises(OpsError, match=rf"state of stack prod is {is_what}.*`ops recover prod`"):
        stacks.exists("prod")


def test_only_what_is_missing_is_made_and_a_second_time_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    there = {"one"}
    prerequisites = [
        Prerequisite(
            name=name, where="here", why="", exists=lambda name=name: name in there, make=lambda n=name: there.add(n)
        )
        for name in ("one", "two")
    ]
    assert show(prerequisites) == 1
    assert there == {"one"}
    assert "to be made" in capsys.readouterr().out
    assert [make(prerequisites, Timeline()) for _ in range(2)] == [1, 0]
    assert there == {"one", "two"}


def test_a_shell_that_leads_the_engine_elsewhere_is_refused(
    backend: StateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    with pytest.raises(OpsError, match="unset PULUMI_BACKEND_URL") as refused:
        stacks.use_backend(backend, dry_run=False)
    assert refused.value.exit_code is Exit.REFUSED
    stacks.use_backend(backend, dry_run=True)
    assert os.environ["PULUMI_BACKEND_URL"] == backend.home.url


def test_what_is_made_has_the_form_that_the_settings_want() -> None:
    assert [name for name, make in secret_values.MAKERS.items() if not CHECKS[name].accepts(make())] == []
    made = origin_pull.make("askproai.de")
    assert CHECKS["origin_pull_ca"].accepts(made.authority)
    assert EDGE_CHECKS["origin_pull_certificate"].accepts(made.certificate)
    assert EDGE_CHECKS["origin_pull_key"].accepts(made.key)


def test_every_secret_of_every_stack_is_cared_for(backend: StateBackend) -> None:
    of_regions = {*secret_values.MAKERS, secret_values.ORIGIN_PULL[0]}
    of_the_edge = {*secret_values.ORIGIN_PULL[1:], secret_values.TOKEN}
    assert (of_regions, of_the_edge) == (set(CHECKS), set(EDGE_CHECKS))


class Written:
    """The secrets of the stacks, in memory; they are set and read as the engine would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.values: dict[tuple[str, str], str] = {}
        monkeypatch.setattr(stacks, "has_secret", self.has)
        monkeypatch.setattr(secret_values, "Engine", lambda: self)

    def has(self, stack: str, name: str) -> bool:
        return (stack, name) in self.values

    def secret(self, stack: str, name: str) -> str:
        return self.values[stack, name]

    def set_secret(self, stack: str, name: str, value: str) -> None:
        self.values[stack, name] = value


def test_both_regions_get_the_same_secrets_and_what_is_there_stays(
    backend: StateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)
    written.values["dr", "database_password"] = "chosen-by-hand"
    monkeypatch.setenv(secret_values.TOKEN_VARIABLE, TOKEN)
    prerequisites = list(secret_values.prerequisites(backend, secret_values.Values(backend, generate=True)))
    assert make(prerequisites, Timeline()) == len(prerequisites) - 1
    assert written.values["prod", "database_password"] == "chosen-by-hand"
    for name in CHECKS:
        assert written.values["prod", name] == written.values["dr", name]
    assert written.values["edge", "cloudflare_api_token"] == TOKEN
    assert make(prerequisites, Timeline()) == 0


def test_regions_go_on_trusting_the_authority_they_know(backend: StateBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Written(monkeypatch)
    former = origin_pull.make(backend.domain).authority
    written.values["prod", "origin_pull_ca"] = former
    (prerequisite,) = [
        t
        for t in secret_values.prerequisites(backend, secret_values.Values(backend, generate=True))
        if "pull" in t.name
    ]
    prerequisite.make()
    assert written.values["prod", "origin_pull_ca"].count("BEGIN CERTIFICATE") == 2
    assert written.values["dr", "origin_pull_ca"].count("BEGIN CERTIFICATE") == 1
    assert CHECKS["origin_pull_ca"].accepts(written.values["prod", "origin_pull_ca"])


def test_a_secret_of_the_wrong_form_is_refused_unseen(backend: StateBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    Written(monkeypatch)
    monkeypatch.setenv(secret_values.TOKEN_VARIABLE, "too-short")
    *_, prerequisite = secret_values.prerequisites(backend, secret_values.Values(backend, generate=True))
    with pytest.raises(OpsError, match="cloudflare_api_token has the wrong form") as refused:
        prerequisite.make()
    assert "too-short" not in refused.value.message


def test_a_secret_that_nobody_can_type_is_named(backend: StateBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    Written(monkeypatch)
    first, *_ = secret_values.prerequisites(backend, secret_values.Values(backend, generate=False))
    with pytest.raises(OpsError, match="--generate makes it") as refused:
        first.make()
    assert refused.value.exit_code is Exit.USAGE


class Quotas:
    """Service Quotas with one limit for everything."""

    def __init__(self, allowed: float) -> None:
        self.allowed = allowed

    def client(self, _service: str, _region: str) -> "Quotas":
        return self

    def describe_instance_types(self, InstanceTypes: list[str]) -> dict[str, Any]:  # noqa: N803 as boto3 has it
        return {"InstanceTypes": [{"InstanceType": kind, "VCpuInfo": {"DefaultVCpus": 8}} for kind in InstanceTypes]}

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803 as boto3 has it
        if QuotaCode == "L-F678F1CE":
            raise KeyError("Quota")
        if QuotaCode == NEVER_RAISED:
            raise refusal("NoSuchResourceException")
        return {"Quota": {"Value": self.allowed}}

    def get_aws_default_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        assert (ServiceCode, QuotaCode) == ("rds", NEVER_RAISED)
        return {"Quota": {"Value": 40.0}}


@pytest.mark.usefixtures("backend")
def test_a_quota_that_is_too_small_is_named_with_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "client", Quotas(5).client)
    found = quotas.check(("prod",))
    (problem,), (note,) = found.problems, found.notes
    for part in ("eu-central-1", "5 allowed", "Service Quotas, ec2 L-1216C47A"):
        assert part in problem
    # Of eight vCPUs each: 24 hosts that run the application at the most, and one of each other role.
    assert f"{8 * (24 + len(ROLES) - len(APPLICATION_ROLES))} needed" in problem
    for part in ("eu-central-1", "L-F678F1CE", "KeyError"):
        assert part in note
    monkeypatch.setattr(hosts, "client", Quotas(2).client)
    assert any("Elastic IP addresses: 3 needed, 2 allowed" in text for text in quotas.check(("prod",)).problems)


def test_no_secret_is_part_of_a_plan(
    backend: StateBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(secret_values.TOKEN_VARIABLE, TOKEN)
    show(secret_values.prerequisites(backend, secret_values.Values(backend, generate=True)))
    assert TOKEN not in capsys.readouterr().out


def test_a_dry_run_asks_no_engine_for_secrets_of_stacks_that_are_not_there(
    backend: StateBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after the loss of the state bucket: the files have their secrets, but the stacks do not exist."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", "")
    file = tmp_path / "Pulumi.edge.yaml"
    file.write_text(file.read_text().replace("config:\n", f"config:\n  askproai:{SECRET}:\n    secure: v1:abc\n", 1))

    def answer(what: object) -> Callable[..., object]:
        def answering(*_: object, **__: object) -> object:
            return what

        return answering

    def decrypts(*_: object) -> str:
        raise OpsError("could not list bucket: NoSuchBucket")

    for module, name, fake in (
        (prerequisite, "_bounded", answer(False)),
        (bootstrap, "_right_account", answer(None)),
        (stacks, "exists", answer(False)),
        (quotas, "check", answer(quotas.Answers(problems=[], notes=[]))),
        (Engine, "secret", decrypts),
    ):
        monkeypatch.setattr(module, name, fake)
    bootstrap.bootstrap(Timeline(dry_run=True))
    shown = capsys.readouterr().out
    assert "to be made; nothing was changed" in shown
    assert "encrypted for stacks that are not in the backend" in shown


def test_what_is_in_the_way_is_named_before_anything_is_made(
    backend: StateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        """Look at no account."""

    def in_the_way(*_: object, **_named: object) -> list[str]:
        return ["A record app.askproai.de is where the edge has a CNAME"]

    def never(*_: object) -> int:
        raise AssertionError("something is made")

    def there_is_none(_stack: str) -> bool:
        return False

    monkeypatch.setenv("PULUMI_BACKEND_URL", backend.home.url)
    monkeypatch.setattr(bootstrap, "_right_account", nobody)
    monkeypatch.setattr(stacks, "exists", there_is_none)
    monkeypatch.setattr(bootstrap.conflicts, "found", in_the_way)
    monkeypatch.setattr(bootstrap, "make", never)
    with pytest.raises(OpsError, match=r"A record app\.askproai\.de is where.*\nnothing was made") as refused:
        bootstrap.bootstrap(Timeline())
    assert refused.value.exit_code is Exit.REFUSED
