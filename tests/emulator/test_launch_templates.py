"""Launch templates on the emulated AWS."""

import pytest

from tests.emulator.emulated import Clients


@pytest.mark.fix("ec2_launch_templates.py:version_holds_what_was_asked")
def test_a_version_holds_the_tags_of_what_it_launches_and_not_its_own(aws: Clients, name: str) -> None:
    ec2 = aws("ec2")
    tags = [{"Key": "Project", "Value": "askproai"}]
    instances = [{"ResourceType": "instance", "Tags": tags}]
    template = ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"TagSpecifications": instances},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )["LaunchTemplate"]
    assert template["Tags"] == tags
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert versions[0]["LaunchTemplateData"]["TagSpecifications"] == instances
