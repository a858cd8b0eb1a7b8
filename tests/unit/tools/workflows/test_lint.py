"""The linters of workflows fire: each test breaks a copy of ours in one way."""

import shutil
from pathlib import Path

import pytest
from stack_files import ROOT

from tools.workflows.lint import WORKFLOWS, problems

CHECKOUT_PIN = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
READ = "    permissions:\n      contents: read\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / WORKFLOWS, tmp_path / WORKFLOWS)
    return tmp_path


def test_nothing_is_found_in_the_committed_workflows() -> None:
    assert problems(ROOT) == ""


@pytest.mark.parametrize(
    ("workflow", "was", "becomes", "found"),
    [
        ("ci.yml", CHECKOUT_PIN, "actions/checkout@v6", "unpinned-uses"),
        ("ci.yml", READ, "    permissions: write-all\n", "excessive-permissions"),
        ("ci.yml", "          persist-credentials: false\n", "          fetch-depth: 1\n", "artipacked"),
        ("ci.yml", "bash .ci/run", "echo ${{ github.head_ref }}", "template-injection"),
        ("ci.yml", "bash .ci/run", "echo $UNQUOTED", "SC2086"),
        ("ci.yml", "ubuntu-24.04", "ubuntu-99.04", r'label "ubuntu-99.04" is unknown'),
        ("preview.yml", "  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        ("preview.yml", "needs: preview", "needs: previews", 'job "previews"'),
        ("preview.yml", "pulumi-version:", "engine-version:", 'input "engine-version" is not defined'),
        ("preview.yml", "role-to-assume:", "role:", 'input "role" is not defined'),
        ("preview.yml", "retention-days:", "keep-days:", 'input "keep-days" is not defined'),
        ("preview.yml", "fetch-depth:", "depth:", 'input "depth" is not defined'),
        ("preview.yml", "merge-multiple:", "merge:", 'input "merge" is not defined'),
        ("deploy-stack.yml", "plan: plan.json", "plans: plan.json", 'input "plans" is not defined'),
        ("deploy.yml", "      stack: ${{ needs.order.outputs.live }}", "      name: live", 'input "stack" is required'),
        ("deploy.yml", "needs.order.outputs.live", "needs.order.outputs.lively", 'property "lively" is not defined'),
    ],
)
def test_a_fault_is_found(copy: Path, workflow: str, was: str, becomes: str, found: str) -> None:
    file = copy / WORKFLOWS / workflow
    assert was in file.read_text()
    file.write_text(file.read_text().replace(was, becomes))
    assert found in problems(copy)
