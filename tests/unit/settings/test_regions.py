"""The names of AWS's regions: complete, and read without an SDK."""

import subprocess
import sys

import botocore.session
from pulumi_aws import Region
from stack_files import ROOT

from settings.shapes import REGIONS


def test_the_regions_are_those_of_the_sdk() -> None:
    assert sorted(REGIONS) == sorted(region.value for region in Region)


def test_the_regions_are_those_that_botocore_reaches() -> None:
    session = botocore.session.get_session()
    reached = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("ec2", partition_name=partition)
    ]
    assert sorted(REGIONS) == sorted(reached)


def test_reading_settings_imports_no_sdk_of_a_cloud() -> None:
    program = "import settings, sys; print([name for name in sys.modules if name in ('pulumi_aws', 'botocore')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
