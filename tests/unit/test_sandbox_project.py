"""The overlay follows the committed files and never touches them."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from sandbox import project
from sandbox.paths import Paths
from sandbox.steps import SandboxError

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


def test_a_value_set_in_the_sandbox_holds_until_the_committed_file_changes(paths: Paths) -> None:
    project.refresh(paths)
    (paths.project / "Pulumi.prod.yaml").write_text("config: {'askproai:size': 9}")
    project.refresh(paths)
    assert overlay(paths, "Pulumi.prod.yaml")["config"] == {"askproai:size": 9}
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {'askproai:size': 4}")
    project.refresh(paths)
    assert overlay(paths, "Pulumi.prod.yaml")["config"] == {"askproai:size": 4}


def test_the_sandbox_keeps_its_salt_and_secrets_over_an_edit(paths: Paths) -> None:
    project.refresh(paths)
    own = {"encryptionsalt": "v1:salt", "config": {"askproai:database_password": {"secure": "v1:own"}}}
    (paths.project / "Pulumi.prod.yaml").write_text(yaml.safe_dump(own))
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: {'askproai:size': 4}")
    project.refresh(paths)
    assert overlay(paths, "Pulumi.prod.yaml") == {
        "encryptionsalt": "v1:salt",
        "config": {"askproai:size": 4, "askproai:database_password": {"secure": "v1:own"}},
    }


def test_a_committed_secret_is_replaced_and_never_copied(paths: Paths) -> None:
    committed = {
        "config": {"askproai:app_key": {"secure": "theirs"}, "askproai:web": {"token": {"secure": "x"}, "n": 1}}
    }
    assert project.render_stack(committed, {}, "askproai", "f")["config"] == {"askproai:web": {"n": 1}}


def test_a_secret_without_a_sandbox_value_is_an_error_that_says_where_to_add_one(paths: Paths) -> None:
    with pytest.raises(SandboxError, match=r"Pulumi.prod.yaml: .* askproai:new; add a row to SECRETS"):
        project.render_stack({"config": {"askproai:new": {"secure": "x"}}}, {}, "askproai", "Pulumi.prod.yaml")


def test_a_stack_file_that_is_gone_leaves_the_overlay(paths: Paths) -> None:
    project.refresh(paths)
    (paths.checkout / "Pulumi.prod.yaml").unlink()
    project.refresh(paths)
    assert not (paths.project / "Pulumi.prod.yaml").exists()


def test_only_stacks_with_a_file_are_brought_up(paths: Paths) -> None:
    assert project.stacks(paths) == ["prod"]
    (paths.checkout / "Pulumi.prod.yaml").unlink()
    assert project.stacks(paths) == []


def test_a_broken_stack_file_is_named(paths: Paths) -> None:
    (paths.checkout / "Pulumi.prod.yaml").write_text("config: [")
    with pytest.raises(SandboxError, match=r"Pulumi\.prod\.yaml is not YAML"):
        project.refresh(paths)


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"holds no Pulumi\.yaml"):
        project.refresh(Paths(tmp_path, tmp_path / ".sandbox"))


def test_secret_values_are_made_once_and_for_their_owner_alone(paths: Paths) -> None:
    first = [project.secret_value(paths, secret) for secret in project.SECRETS]
    assert [project.secret_value(paths, secret) for secret in project.SECRETS] == first
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600
    assert list(json.loads(paths.secrets.read_text()).values()) == first


@pytest.mark.parametrize(
    ("key", "least", "most", "refused"),
    [("database_password", 8, 41, '/@" '), ("cache_auth_token", 16, 128, '/@"- _'), ("app_key", 51, 51, "\n")],
)
def test_secret_values_are_what_aws_takes(key: str, least: int, most: int, refused: str) -> None:
    value = next(secret for secret in project.SECRETS if secret.key == key).make()
    assert least <= len(value) <= most
    assert not set(value) & set(refused)
