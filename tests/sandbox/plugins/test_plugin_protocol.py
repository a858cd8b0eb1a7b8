"""Plugins and the language host start without the SDK, which would double their start-up time."""

import subprocess
import sys

import pytest
from stack_files import ROOT


@pytest.mark.parametrize("module", ["sandbox.plugins.language_host", "sandbox.plugins.aws.__main__"])
def test_a_plugin_does_not_load_the_sdk(module: str) -> None:
    look = f"import sys, {module}; sys.exit('pulumi' in sys.modules or 'pulumi.automation' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, timeout=60).returncode == 0


def test_the_sdk_that_is_imported_afterwards_is_the_whole_one() -> None:
    look = (
        "from sandbox.plugins.protocol import provider_pb2; import pulumi, pulumi_aws;"
        "from pulumi.runtime.proto import provider_pb2 as again; assert again is provider_pb2; pulumi_aws.sqs.Queue"
    )
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, timeout=60).returncode == 0


def test_a_state_as_deep_as_a_web_acls_is_read() -> None:
    look = (
        "from sandbox.plugins.protocol import provider_pb2\n"
        "answer = provider_pb2.CreateResponse()\n"
        "inner = answer.properties\n"
        "for _ in range(60):\n"
        "    inner = inner.fields['statement'].struct_value\n"
        "provider_pb2.CreateResponse.FromString(answer.SerializeToString())\n"
    )
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, timeout=60).returncode == 0
