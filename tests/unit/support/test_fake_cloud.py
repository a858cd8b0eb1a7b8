"""The fake cloud itself: that it records, fills in, and refuses."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from fake_cloud import FAKE_ACCOUNT, FAKE_REGION, deploy

VPC = "aws:ec2/vpc:Vpc"


class Part(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("askproai:test:Part", name)
        self.queue = aws.sqs.Queue(f"{name}-queue", name="jobs", opts=pulumi.ResourceOptions(parent=self, protect=True))
        self.register_outputs({"queue": self.queue.arn})


def two_vpcs(second: str) -> None:
    aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    aws.ec2.Vpc(second, cidr_block="10.1.0.0/16")


def test_it_records_type_name_inputs_parent_and_protection() -> None:
    cloud = deploy(lambda: Part("part"))
    part, queue = cloud.one("askproai:test:Part"), cloud.one("aws:sqs/queue:Queue")
    assert (queue.name, queue.inputs, queue.parent, queue.protect) == ("part-queue", {"name": "jobs"}, part.urn, True)
    assert cloud.registered_outputs[part.urn] == {"queue": cloud.value(cloud.built.queue.arn)}


def test_it_records_what_waits_for_what() -> None:
    def build() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")

    cloud = deploy(build)
    assert cloud.one("aws:ec2/subnet:Subnet").depends_on == {cloud.one(VPC).urn}


def test_it_knows_secrets_from_other_inputs() -> None:
    cloud = deploy(lambda: aws.ssm.Parameter("token", type="String", value=pulumi.Output.secret("t")))
    parameter = cloud.one("aws:ssm/parameter:Parameter")
    assert parameter.inputs["value"] == "t"
    assert parameter.secrets == {"value"}


def test_it_fills_in_identifiers_as_aws_forms_them() -> None:
    cloud = deploy(lambda: aws.sqs.Queue("queue", name="jobs"))
    assert cloud.value(cloud.built.arn) == f"arn:aws:sqs:{FAKE_REGION}:{FAKE_ACCOUNT}:jobs"
    assert cloud.value(cloud.built.url) == f"https://sqs.{FAKE_REGION}.amazonaws.com/{FAKE_ACCOUNT}/jobs"


def test_it_fills_in_every_output_that_the_sdk_promises() -> None:
    cloud = deploy(lambda: aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16"))
    assert cloud.value(cloud.built.main_route_table_id) == "vpc-mainRouteTableId"
    assert cloud.value(cloud.built.enable_dns_hostnames) is False


def test_it_answers_what_it_was_given() -> None:
    def build() -> pulumi.Output[str]:
        pulumi.export("region", pulumi.StackReference("prod").get_output("region"))
        return aws.ssm.get_parameter_output(name="image").value

    def image(args: Mapping[str, Any]) -> dict[str, str]:
        return {"value": f"the {args['name']}"}

    answers = {"aws:ssm/getParameter:getParameter": image}
    cloud = deploy(build, answers=answers, stacks={"prod": {"region": "somewhere"}})
    assert cloud.value(cloud.built) == "the image"
    assert cloud.exports == {"region": "somewhere"}


def test_it_refuses_lookups_that_it_does_not_know() -> None:
    with pytest.raises(LookupError, match=r"looks up aws:ssm/getParameter.*give deploy\(\) an answer"):
        deploy(lambda: aws.ssm.get_parameter_output(name="image"))


def test_it_refuses_stacks_that_it_does_not_know() -> None:
    with pytest.raises(LookupError, match=r"reads stack prod: give deploy\(\) its outputs"):
        deploy(lambda: pulumi.StackReference("prod"))


def test_it_refuses_a_logical_name_used_twice_and_is_clean_after_it() -> None:
    with pytest.raises(ValueError, match="two resources have the logical name vpc"):
        deploy(lambda: two_vpcs("vpc"))
    assert [vpc.name for vpc in deploy(lambda: two_vpcs("other")).of(VPC)] == ["other", "vpc"]


def test_a_lookup_that_finds_not_one_says_what_there_is() -> None:
    cloud = deploy(lambda: two_vpcs("other"))
    with pytest.raises(LookupError, match=r"2 resources match aws:ec2/vpc:Vpc.*other, vpc"):
        cloud.one(VPC)
    with pytest.raises(LookupError, match=r"0 resources match aws:ec2/vpc:Vpc missing.*other, vpc"):
        cloud.one(VPC, "missing")


def test_what_the_program_raises_is_raised() -> None:
    def build() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        raise RuntimeError("the program's own")

    with pytest.raises(RuntimeError, match="the program's own"):
        deploy(build)
