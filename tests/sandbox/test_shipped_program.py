"""The imports of the program, in a separate process: only the used parts of a cloud's SDK are imported."""

import json
import os
import subprocess
import sys
from functools import cache

from stack_files import ROOT

SHIPPED_PROGRAM = ROOT / "tests" / "unit" / "support" / "shipped_program.py"
MOST_MODULES = 120
"""Of pulumi_aws in a region: its resource types with their inputs and outputs are 82, all of the SDK are over 800."""


@cache
def modules_of_the_shipped_program() -> dict[str, dict[str, list[str]]]:
    """By stack, the modules of each SDK that its program has imported at its end."""
    path = os.pathsep.join([str(ROOT), str(SHIPPED_PROGRAM.parent)])
    answer = subprocess.run(
        [sys.executable, SHIPPED_PROGRAM, "prod", "edge"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_region_imports_few_modules_of_its_own_sdk_and_none_of_the_other() -> None:
    modules = modules_of_the_shipped_program()["prod"]

    assert "pulumi_aws.ec2.vpc" in modules["pulumi_aws"]
    assert len(modules["pulumi_aws"]) <= MOST_MODULES
    assert modules["pulumi_cloudflare"] == []


def test_the_edge_imports_no_module_of_the_regions_sdk() -> None:
    modules = modules_of_the_shipped_program()["edge"]

    assert "pulumi_cloudflare.dns_record" in modules["pulumi_cloudflare"]
    assert modules["pulumi_aws"] == []
