"""Systems Manager on the emulated AWS."""

import secrets

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"


@pytest.mark.fix("ssm.py:ubuntu_images_are_published")
def test_ubuntu_names_an_image_of_each_region(aws: Clients) -> None:
    release_nobody_asked_for = f"{secrets.randbelow(90) + 10}.10"
    image = UBUNTU.replace("24.04", release_nobody_asked_for)
    here = aws("ssm").get_parameter(Name=image)["Parameter"]["Value"]
    there = aws("ssm", "eu-west-1").get_parameters(Names=[image])["Parameters"][0]["Value"]
    assert here.startswith("ami-")
    assert here != there


def test_an_image_that_canonical_does_not_publish_is_not_found(aws: Clients) -> None:
    with pytest.raises(ClientError, match="ParameterNotFound"):
        aws("ssm").get_parameter(Name=UBUNTU.replace("24.04", "noble"))


@pytest.mark.fix("ssm.py:a_command_reaches_the_instances_it_names")
def test_a_command_reaches_the_instances_it_names_alone(aws: Clients) -> None:
    image = aws("ssm").get_parameter(Name=UBUNTU)["Parameter"]["Value"]
    made = aws("ec2").run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]
    sent = aws("ssm").send_command(
        InstanceIds=[made[0]["InstanceId"]], DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]}
    )
    assert sent["Command"]["InstanceIds"] == [made[0]["InstanceId"]]
