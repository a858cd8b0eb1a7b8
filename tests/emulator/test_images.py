"""EC2 images on the emulated AWS."""

from itertools import count

import pytest
from botocore.exceptions import ClientError

from tests.emulator.emulated import Clients

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
RELEASES = count(30)
"""The emulator remembers an image that was asked for: the test that fails without the fix asks for another."""


@pytest.mark.fix("ec2_images.py:images_of_public_parameters_exist")
def test_the_image_that_a_public_parameter_names_is_there(aws: Clients) -> None:
    release_nobody_asked_for = f"{next(RELEASES)}.04"
    parameter = UBUNTU.replace("24.04", release_nobody_asked_for)
    image = aws("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    (found,) = aws("ec2").describe_images(ImageIds=[image])["Images"]
    assert (found["State"], found["Public"]) == ("available", True)


def test_an_image_that_nothing_names_is_not_found(aws: Clients) -> None:
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        aws("ec2").describe_images(ImageIds=["ami-00000000000000000"])
