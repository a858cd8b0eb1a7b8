"""Systems Manager on the emulated AWS."""

from itertools import count

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients, Control

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
RELEASES = count(30)
"""The emulator remembers an image that was asked for: the test that fails without the fix asks for another."""


@pytest.mark.fix("ssm.py:ubuntu_images_are_published")
def test_ubuntu_names_an_image_of_each_region(aws: Clients) -> None:
    release_nobody_asked_for = f"{next(RELEASES)}.10"
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


@pytest.mark.fix("ssm.py:a_command_ends_when_the_booted_instance_has_run_it")
@pytest.mark.parametrize(("code", "status"), [(0, "Success"), (3, "Failed")])
def test_a_command_for_a_booted_instance_ends_as_it_ended_there(
    aws: Clients, control: Control, code: int, status: str
) -> None:
    image = aws("ssm").get_parameter(Name=UBUNTU)["Parameter"]["Value"]
    made = aws("ec2").run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]
    booted, record = (instance["InstanceId"] for instance in made)
    assert control("GET", f"agent/{booted}") == []
    sent = aws("ssm").send_command(
        InstanceIds=[booted, record], DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]}
    )["Command"]["CommandId"]

    def told(instance: str) -> tuple[str, str]:
        answer = aws("ssm").get_command_invocation(CommandId=sent, InstanceId=instance)
        return answer["Status"], answer["StandardErrorContent"]

    assert (told(booted), told(record)) == (("InProgress", ""), ("Success", ""))
    assert control("GET", f"agent/{booted}") == [{"id": sent, "lines": ["true"]}]
    ended = {"code": code, "output": "", "error": "what it said"}
    assert control("PUT", f"agent/{booted}/{sent}", ended) == {"status": status}
    assert told(booted) == (status, "what it said")
    assert control("GET", f"agent/{booted}") == []
    assert booted not in control("DELETE", f"agent/{booted}")
