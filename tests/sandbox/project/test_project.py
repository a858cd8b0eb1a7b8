"""The overlay follows the committed files and never touches them."""

import json
import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from project_files import Project
from sandbox.instances.release import RELEASE
from sandbox.instances.root import PHP_VERSION
from sandbox.project import project
from sandbox.project.paths import CHECKOUT, Paths
from sandbox.toolchain.steps import SandboxError

PROJECT = "name: askproai\nruntime: python\nbackend:\n  url: s3://elsewhere\n"
STACK = (
    'secretsprovider: awskms://alias/x\nencryptedkey: abc\nconfig:\n  askproai:size: 3\n  askproai:account_id: "0123"\n'
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK)
    return Paths(tmp_path, tmp_path / ".sandbox")


def overlay(paths: Paths, name: str) -> dict[str, object]:
    return yaml.safe_load((paths.project / name).read_text())


def test_the_overlay_runs_the_program_of_the_checkout(paths: Paths) -> None:
    project.refresh(paths)
    assert (paths.project / str(overlay(paths, "Pulumi.yaml")["main"])).resolve() == paths.checkout


def test_the_policy_pack_is_found_in_the_overlay_as_in_the_checkout(paths: Paths) -> None:
    (paths.checkout / "policies").mkdir()
    for _ in range(2):
        project.refresh(paths)
        assert (paths.project / "policies").resolve() == paths.checkout / "policies"


def test_instances_of_the_sandbox_run_its_own_application_on_the_php_that_they_have(tmp_path: Path) -> None:
    paths = Paths(CHECKOUT, tmp_path)
    project.refresh(paths)
    web, workers = (project.setting(paths, "prod", block) for block in ("web", "workers"))
    assert isinstance(web, dict)
    assert isinstance(workers, dict)
    committed = Project(CHECKOUT).values("prod")["web"]["blue"]["max_size"]
    assert (web["php_version"], web["blue"]["release"], web["blue"]["max_size"]) == (PHP_VERSION, RELEASE, committed)
    assert (workers["php_version"], workers["release"]) == (PHP_VERSION, RELEASE)


def test_the_overlay_does_not_use_the_committed_backend(paths: Paths) -> None:
    project.refresh(paths)
    assert "backend" not in overlay(paths, "Pulumi.yaml")


def test_the_committed_secrets_provider_is_not_used(paths: Paths) -> None:
    project.refresh(paths)
    assert overlay(paths, "Pulumi.prod.yaml") == {"config": {"askproai:size": 3, "askproai:account_id": "0123"}}


def test_no_committed_file_changes(paths: Paths) -> None:
    project.refresh(paths)
    assert (paths.checkout / "Pulumi.yaml").read_text() == PROJECT
    assert (paths.checkout / "Pulumi.prod.yaml").read_text() == STACK


def test_an_edit_of_the_committed_file_is_followed(paths: Paths) -> None:
    project.refresh(paths)
    (paths.checkout / "Pulumi.prod.yaml").write_text(STACK.replace("size: 3", "size: 4"))
    project.refresh(paths)
    assert overlay(paths, "Pulumi.prod.yaml")["config"] == {"askproai:size": 4, "askproai:account_id": "0123"}


def set_in_the_sandbox(paths: Paths, before: str, after: str) -> None:
    file = paths.project / "Pulumi.prod.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def test_a_value_set_in_the_sandbox_survives_a_change_of_the_committed_file(paths: Paths) -> None:
    project.refresh(paths)
    set_in_the_sandbox(paths, "size: 3", "size: 9")
    (paths.checkout / "Pulumi.prod.yaml").write_text(STACK.replace("0123", "0456"))
    assert project.refresh(paths) == []
    assert overlay(paths, "Pulumi.prod.yaml")["config"] == {"askproai:size": 9, "askproai:account_id": "0456"}


def test_a_value_changed_on_both_sides_is_the_sandboxs_and_is_named(paths: Paths) -> None:
    project.refresh(paths)
    set_in_the_sandbox(paths, "size: 3", "size: 9")
    (paths.checkout / "Pulumi.prod.yaml").write_text(STACK.replace("size: 3", "size: 4"))
    (note,) = project.refresh(paths)
    assert note.startswith("Pulumi.prod.yaml: askproai:size changed here and in the committed file")
    assert overlay(paths, "Pulumi.prod.yaml")["config"] == {"askproai:size": 9, "askproai:account_id": "0123"}
    assert project.refresh(paths) == []


def test_starting_over_forgets_what_was_set_in_the_sandbox_but_no_secret(paths: Paths) -> None:
    project.refresh(paths)
    own = "size: 9\n  askproai:app_key:\n    secure: v1:own"
    set_in_the_sandbox(paths, "size: 3", own)
    set_in_the_sandbox(paths, "config:", "encryptionsalt: v1:salt\nconfig:")
    assert project.start_over(paths) == ["Pulumi.prod.yaml"]
    assert overlay(paths, "Pulumi.prod.yaml") == {
        "encryptionsalt": "v1:salt",
        "config": {"askproai:size": 3, "askproai:account_id": "0123", "askproai:app_key": {"secure": "v1:own"}},
    }
    assert project.start_over(paths) == []


def test_settings_are_those_of_the_sandbox(paths: Paths) -> None:
    assert project.setting(paths, "prod", "size") == 3
    project.refresh(paths)
    set_in_the_sandbox(paths, "size: 3", "size: 9")
    assert project.setting(paths, "prod", "size") == 9


@pytest.mark.parametrize(("role", "wanted"), [("standby", "database_password"), ("edge", "cloudflare_api_token")])
def test_a_stack_gets_the_secrets_of_its_kind(paths: Paths, role: str, wanted: str) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text(f"config:\n  askproai:role: {role}\n")
    given = {secret.key for secret in project.wanted_secrets(paths, "prod")}
    assert wanted in given
    assert len(given & {"database_password", "cloudflare_api_token"}) == 1


def test_a_stack_file_that_is_gone_leaves_the_overlay(paths: Paths) -> None:
    project.refresh(paths)
    (paths.checkout / "Pulumi.prod.yaml").unlink()
    project.refresh(paths)
    assert not (paths.project / "Pulumi.prod.yaml").exists()


def declare(paths: Paths, **files: str) -> None:
    """Put stack files in place of those that are there."""
    for file in paths.checkout.glob("Pulumi.*.yaml"):
        file.unlink()
    for stack, text in files.items():
        (paths.checkout / f"Pulumi.{stack}.yaml").write_text("config:\n" + text)


PRIMARY = "  askproai:role: primary\n  askproai:follows: b\n"
STANDBY = "  askproai:role: standby\n  askproai:follows: c\n"
EDGE = "  askproai:role: edge\n  askproai:regions: [c, b]\n"
ALONE = "  askproai:role: primary\n"


def test_stacks_come_after_those_whose_outputs_they_need(paths: Paths) -> None:
    declare(paths, a=EDGE, b=STANDBY, c=PRIMARY, d=ALONE)
    assert project.stacks(paths) == ["c", "b", "d", "a"]
    declare(paths)
    assert project.stacks(paths) == []


def test_the_platform_is_the_edge_and_the_regions_behind_it(paths: Paths) -> None:
    declare(paths, a=EDGE, b=STANDBY, c=PRIMARY, d=ALONE)
    assert project.platform(paths) == ["c", "b", "a"]


def test_without_an_edge_every_stack_is_the_platform(paths: Paths) -> None:
    declare(paths, b=STANDBY, c=PRIMARY, d=ALONE)
    assert project.platform(paths) == ["c", "b", "d"]


def test_a_setting_of_all_stacks_is_each_stack_s(paths: Paths) -> None:
    with (paths.checkout / "Pulumi.yaml").open("a") as file:
        file.write("config:\n  domain:\n    default: example.com\n")
    declare(paths, a=EDGE, d=ALONE + "  askproai:domain: staging.example.com\n")
    assert [project.setting(paths, stack, "domain") for stack in ("a", "d")] == ["example.com", "staging.example.com"]


def test_a_broken_stack_file_is_named(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: [")
    with pytest.raises(SandboxError, match=r"Pulumi\.prod\.yaml: line 2: "):
        project.refresh(paths)


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"holds no Pulumi\.yaml"):
        project.refresh(Paths(tmp_path, tmp_path / ".sandbox"))


def test_secret_values_are_made_once_and_for_their_owner_alone(paths: Paths) -> None:
    first = [project.secret_value(paths, secret) for secret in project.SECRETS]
    assert [project.secret_value(paths, secret) for secret in project.SECRETS] == first
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600
    assert list(json.loads(paths.secrets.read_text()).values()) == first


def test_the_certificate_for_origins_is_of_the_authority_that_they_trust(paths: Paths) -> None:
    values = {secret.key: project.secret_value(paths, secret).encode() for secret in project.SECRETS}
    authority = x509.load_pem_x509_certificate(values["origin_pull_ca"])
    certificate = x509.load_pem_x509_certificate(values["origin_pull_certificate"])
    certificate.verify_directly_issued_by(authority)
    key = serialization.load_pem_private_key(values["origin_pull_key"], password=None)
    assert key.public_key() == certificate.public_key()


@pytest.mark.parametrize(
    ("key", "least", "most", "refused"),
    [("database_password", 8, 41, '/@" '), ("cache_auth_token", 16, 128, '/@"- _'), ("app_key", 51, 51, "\n")],
)
def test_secret_values_are_what_aws_takes(key: str, least: int, most: int, refused: str) -> None:
    value = next(secret for secret in project.SECRETS if secret.key == key).make()
    assert least <= len(value) <= most
    assert not set(value) & set(refused)
