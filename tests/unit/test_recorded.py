"""A stack file that conflicts with its stack's records is refused before anything is declared."""

import runpy
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pulumi
import pytest
from broken_files import ABSENT, EDGE_SECRETS, GOOD_SECRETS, Change, changed, configured, good_secrets, written
from edges import edge_settings, region_outputs
from fake_cloud import deploy
from stack_files import ROOT

from recorded import refuse_misfits
from settings import ConfigurationError, load
from settings.permanent import OF_A_KIND, made_with

Outputs = Mapping[str, Any]


def refuse(stack: str, recorded: Outputs, *changes: Change) -> None:
    with configured(changed(written(stack), *changes), good_secrets(stack), stack=stack):
        deploy(lambda: refuse_misfits(load()), stack=stack, stacks={f"organization/askproai/{stack}": recorded})


def kept(stack: str) -> dict[str, str]:
    """The permanent settings of a stack of the fixture."""
    with configured(written(stack), good_secrets(stack), stack=stack):
        return made_with(load())


@pytest.mark.parametrize("stack", ["prod", "dr", "edge"])
def test_the_program_ends_with_one_line_with_the_recorded_and_the_declared_value(stack: str) -> None:
    secrets = EDGE_SECRETS if stack == "edge" else GOOD_SECRETS
    stacks = {f"organization/askproai/{name}": region_outputs(name) for name in edge_settings().regions}
    stacks[f"organization/askproai/{stack}"] = {"topology": 4.0}
    declared: list[str] = []

    def program() -> None:
        runpy.run_path(str(ROOT), run_name="__main__")
        declared.append(stack)

    with (
        configured(changed(written(stack), ("topology", 3)), secrets, stack=stack),
        pytest.raises(pulumi.RunError, match=rf"Pulumi\.{stack}\.yaml: topology: 3 is older than 4, which") as refused,
    ):
        deploy(program, stack=stack, stacks=stacks)
    assert len(str(refused.value).splitlines()) == 2
    assert declared == []


@pytest.mark.parametrize("recorded", [{}, {"role": "primary"}, {"topology": 3.0}, {"topology": 2.0}])
def test_an_equal_or_newer_file_passes_and_a_stack_of_before_the_number_too(recorded: Outputs) -> None:
    refuse("prod", recorded, ("topology", 3))


def test_a_file_without_the_number_is_the_oldest() -> None:
    with pytest.raises(ConfigurationError, match="topology: 1 is older than 2"):
        refuse("dr", {"topology": 2}, ("topology", 1))


@pytest.mark.parametrize("stack", ["prod", "edge", "account"])
def test_each_setting_that_a_stack_keeps_is_refused_with_both_values_and_the_way(stack: str) -> None:
    made = kept(stack)
    others = {name: f"other-{value}" for name, value in made.items()}
    with pytest.raises(ConfigurationError) as refused:
        refuse(stack, {"made_with": others, "topology": 2})
    found = [line.removeprefix(f"Pulumi.{stack}.yaml: askproai:") for line in str(refused.value).splitlines()]
    for name, value in made.items():
        (line,) = [line for line in found if line.startswith(f"{name}: ")]
        assert f"{value!r} cannot take the place of 'other-{value}'" in line
        assert f"want 'other-{value}', or " in line
    # Together with the other conflict of a stack with a topology.
    assert len(found) == len(made) + (stack != "account")


def test_all_that_a_stack_can_keep_is_recorded_and_the_same_again_passes() -> None:
    for stack, rows in zip(("prod", "edge", "account"), OF_A_KIND.values(), strict=True):
        assert list(kept(stack)) == [row.name for row in rows]
        refuse(stack, {"made_with": kept(stack)})


def test_copies_elsewhere_may_be_added_to_a_stack_and_taken_from_it() -> None:
    own = {name: value for name, value in kept("prod").items() if not name.startswith("offsite.")}
    refuse("prod", {"made_with": own})
    alone = [("follows", ABSENT), ("offsite", ABSENT), ("posture", ABSENT), ("recovery", ABSENT)]
    refuse("prod", {"made_with": kept("prod")}, *alone)


@pytest.mark.parametrize("backend", ["s3://state?region=eu-west-1", "s3://state?region=eu-central-1", "file://state"])
def test_a_backend_in_another_region_than_the_key_of_the_stack_file_is_refused(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text("secretsprovider: awskms://alias/state?region=eu-central-1&awssdk=v2\n")
    with configured(written("prod"), good_secrets("prod"), stack="prod"):
        settings = load()
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
    stale = "west" in backend
    with pytest.raises(ConfigurationError, match="state is in eu-central-1: set PULUMI_") if stale else nullcontext():
        deploy(lambda: refuse_misfits(settings), stack="prod")
