"""Runs the checkout's `__main__.py` on the fake cloud for each stack, and prints its imports.

Imports of a process stay, so each stack runs in a fork of a process that has not imported a cloud's SDK.
"""

import json
import runpy
import sys
from multiprocessing import get_context

from broken_files import GOOD_SECRETS, configured, written
from edges import SECRETS, edge_settings, region_outputs
from fake_cloud import deploy
from stack_files import ROOT

from lazy_sdk import SDKS
from sandbox.project.origin_pull import origin_pull


def imported(stack: str) -> dict[str, list[str]]:
    """The modules of each SDK whose code has run, without lazy packages."""
    pair = {"origin_pull_certificate": origin_pull().certificate, "origin_pull_key": origin_pull().key}
    secrets = SECRETS | pair if stack == "edge" else GOOD_SECRETS
    outputs = {f"organization/askproai/{name}": region_outputs(name) for name in edge_settings().regions}
    with configured(written(stack), secrets, stack=stack):
        deploy(lambda: runpy.run_path(str(ROOT), run_name="__main__"), stack=stack, stacks=outputs)
    lazy = {name for name, module in sys.modules.items() if type(module).__name__ == "_Package"}
    return {sdk: sorted(_modules(sdk) - lazy) for sdk in SDKS}


def _modules(package: str) -> set[str]:
    return {name for name in sys.modules if name == package or name.startswith(f"{package}.")}


if __name__ == "__main__":
    stacks = sys.argv[1:]
    with get_context("fork").Pool(1, maxtasksperchild=1) as fork:
        print(json.dumps(dict(zip(stacks, fork.map(imported, stacks, chunksize=1), strict=True))))
