"""The stacks that `ops preview` previews by default."""

from pathlib import Path

import pytest

from ops.core.engine import Engine
from ops.errors import Exit, OpsError
from ops.preview import commands, previews
from ops.preview.previews import Preview


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks that are previewed, in a checkout with five stack files."""
    seen: list[str] = []

    def preview(stacks: list[str], _base: str) -> list[Preview]:
        seen.extend(stacks)
        return []

    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    monkeypatch.setattr(previews, "preview", preview)
    for stack in ("dr", "edge", "prod", "staging", "trial"):
        (tmp_path / f"Pulumi.{stack}.yaml").touch()
    return seen


def exist(monkeypatch: pytest.MonkeyPatch, *stacks: str) -> None:
    """Let the state backend have these stacks."""

    def known(_engine: Engine) -> list[str]:
        return list(stacks)

    monkeypatch.setattr(Engine, "stacks", known)


def test_every_stack_with_a_file_and_a_state_is_previewed_and_the_others_are_named(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exist(monkeypatch, "dr", "edge", "elsewhere", "prod", "staging")
    commands.command(save=tmp_path)
    assert asked == ["prod", "dr", "edge", "staging"]
    lines = [line for line in capsys.readouterr().out.splitlines() if "not previewed" in line]
    assert [line.split(":")[0] for line in lines] == ["trial"]


def test_stacks_that_are_named_are_those_that_are_previewed(asked: list[str], tmp_path: Path) -> None:
    commands.command(stack=["staging"], save=tmp_path)
    assert asked == ["staging"]


def test_where_no_stack_exists_there_is_nothing_to_preview(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exist(monkeypatch, "elsewhere")
    with pytest.raises(OpsError) as failed:
        commands.command(save=tmp_path)
    assert failed.value.exit_code is Exit.USAGE
    assert asked == []
