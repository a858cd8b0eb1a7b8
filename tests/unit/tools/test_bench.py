"""The benchmark compares the same resources: its generated programs declare what the preview shows."""

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.toolchain.steps import SandboxError
from tools.bench import flat, terraform

STACK = "urn:pulumi:prod::askproai::"
VPC = f"{STACK}askproai:network:Network$aws:ec2/vpc:Vpc::network-vpc"
SUBNET = f"{STACK}askproai:network:Network$aws:ec2/subnet:Subnet::network-app-a"
PROVIDER = f"{STACK}pulumi:providers:aws::aws"


def resource(urn: str, kind: str, inputs: dict[str, Any], **sources: list[str]) -> dict[str, Any]:
    dependencies = sorted({source for found in sources.values() for source in found})
    return {
        "urn": urn,
        "type": kind,
        "inputs": inputs,
        "propertyDependencies": sources,
        "dependencies": dependencies,
        "provider": f"{PROVIDER}::{UNKNOWN}",
    }


RESOURCES = [
    resource(SUBNET, "aws:ec2/subnet:Subnet", {"vpcId": UNKNOWN, "tags": {"Name": "${a}"}}, vpcId=[VPC]),
    resource(PROVIDER, "pulumi:providers:aws", {"region": "eu-central-1", "allowedAccountIds": '["1"]'}),
    resource(VPC, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}),
]
STRING = {"type": "string"}
SCHEMA = {
    "resource_schemas": {
        "aws_vpc": {"block": {"attributes": {"cidr_block": STRING}}},
        "aws_subnet": {"block": {"attributes": {"vpc_id": STRING, "tags": {"type": ["map", "string"]}}}},
    }
}


def test_the_flat_program_declares_a_resource_after_those_it_needs() -> None:
    text = flat.program(RESOURCES)
    assert text.index("network_vpc = aws.ec2.Vpc(") < text.index("network_app_a = aws.ec2.Subnet(")
    assert "    vpc_id=network_vpc.id,\n" in text
    assert "aws_2 = aws.Provider(\"aws\", region='eu-central-1', allowed_account_ids=['1'])" in text
    assert "opts=pulumi.ResourceOptions(provider=aws_2)" in text
    compile(text, "flat", "exec")


def test_blocks_of_the_flat_program_are_argument_classes() -> None:
    urn = f"{STACK}aws:s3/bucketVersioning:BucketVersioning::kept"
    inputs = {"bucket": "kept", "versioningConfiguration": {"mfaDelete": "Disabled", "status": "Enabled"}}
    text = flat.program([*RESOURCES, resource(urn, "aws:s3/bucketVersioning:BucketVersioning", inputs)])
    block = "aws.s3.BucketVersioningVersioningConfigurationArgs(mfa_delete='Disabled', status='Enabled')"
    assert f"    versioning_configuration={block},\n" in text


def test_secrets_never_reach_the_flat_program() -> None:
    urn = f"{STACK}aws:secretsmanager/secretVersion:SecretVersion::app"
    inputs = {"secretId": "app", "secretString": flat.SECRET}
    text = flat.program([*RESOURCES, resource(urn, "aws:secretsmanager/secretVersion:SecretVersion", inputs)])
    assert f"secret_string=pulumi.Output.secret({flat.SECRET_IN_PLACE!r})" in text


def test_the_terraform_configuration_refers_and_quotes() -> None:
    written = terraform.configuration(RESOURCES, SCHEMA)
    assert written["provider"]["aws"] == [{"alias": "aws_2", "region": "eu-central-1", "allowed_account_ids": ["1"]}]
    subnet = written["resource"]["aws_subnet"]["network_app_a"]
    assert subnet == {"provider": "aws.aws_2", "vpc_id": "${aws_vpc.network_vpc.id}", "tags": {"Name": "$${a}"}}


def test_an_input_that_terraform_calls_otherwise_has_its_name_there() -> None:
    kind = "aws:sns/topicSubscription:TopicSubscription"
    schema = {"resource_schemas": {"aws_sns_topic_subscription": {"block": {"attributes": {"topic_arn": STRING}}}}}
    subscribed = resource(f"{STACK}{kind}::mail", kind, {"topic": "arn"})
    written = terraform.configuration([RESOURCES[1], subscribed], schema)
    assert written["resource"]["aws_sns_topic_subscription"]["mail"]["topic_arn"] == "arn"


def test_an_input_that_terraform_lacks_is_an_error() -> None:
    unknown = resource(VPC, "aws:ec2/vpc:Vpc", {"colour": "green"})
    with pytest.raises(SandboxError, match="no counterpart of colour"):
        terraform.configuration([RESOURCES[1], unknown], SCHEMA)
