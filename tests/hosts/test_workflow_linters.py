"""The linters of workflows fire: each test breaks a copy of ours in one way."""

import re
import shutil

import pytest
from stack_files import ROOT

from tools.workflows.lint import WORKFLOWS, problems

CHECKOUT_PIN = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
READ = "    permissions:\n      contents: read\n"


FAULTS = [
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
]
"""A workflow, a replacement in it, and the linter's finding."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The linters' findings in one copy for each fault, all in one run."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / WORKFLOWS, root / WORKFLOWS)
    for number, (workflow, was, becomes, _) in enumerate(FAULTS):
        text = (ROOT / WORKFLOWS / workflow).read_text()
        assert was in text
        (root / WORKFLOWS / f"fault-{number}.yml").write_text(text.replace(was, becomes))
    return problems(root)


def test_nothing_is_found_in_the_committed_workflows() -> None:
    assert problems(ROOT) == ""


@pytest.mark.parametrize(("number", "says"), [(number, fault[3]) for number, fault in enumerate(FAULTS)])
def test_a_fault_is_found(found: str, number: int, says: str) -> None:
    place = f"{WORKFLOWS}/fault-{number}.yml:"
    # zizmor's findings are apart by an empty line, and actionlint's begin with the place.
    findings = [part for part in re.split(r"\n\n|\n(?=\.github/)", found) if place in part]
    assert any(says in part for part in findings), findings


def test_what_is_not_broken_stays_without_a_finding(found: str) -> None:
    assert [file.name for file in (ROOT / WORKFLOWS).glob("*.yml") if f"/{file.name}:" in found] == []
