"""A stack file that is older than what its stack has recorded is refused before anything is declared."""

import runpy
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from broken_files import EDGE_SECRETS, GOOD_SECRETS, changed, configured, written
from edges import edge_settings, region_outputs
from fake_cloud import deploy
from stack_files import ROOT

from settings import ConfigurationError, load
from topology import refuse_older

Outputs = Mapping[str, Any]


def refuse(stack: str, topology: int, recorded: Outputs) -> None:
    secrets = EDGE_SECRETS if stack == "edge" else GOOD_SECRETS
    with configured(changed(written(stack), ("topology", topology)), secrets, stack=stack):
        deploy(lambda: refuse_older(load()), stack=stack, stacks={f"organization/askproai/{stack}": recorded})


@pytest.mark.parametrize("stack", ["prod", "dr", "edge"])
def test_the_program_ends_with_one_line_that_says_what_is_recorded_and_what_the_file_has(stack: str) -> None:
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
    refuse("prod", 3, recorded)


def test_a_file_without_the_number_is_the_oldest() -> None:
    with pytest.raises(ConfigurationError, match="topology: 1 is older than 2"):
        refuse("dr", 1, {"topology": 2})
