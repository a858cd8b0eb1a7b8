"""Instances of the emulated AWS that boot: their user data runs, with the surroundings of an EC2 instance."""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.core.aws import rows
from sandbox.instances.release import publish
from sandbox.instances.root import unavailable
from sandbox.instances.surroundings import Surroundings, declared, surroundings
from sandbox.project.isolated import isolated
from sandbox.project.paths import Paths
from tests.booted import Host
from tests.emulator.emulated import REGION, Clients

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
HEALTHY_SECONDS = 120.0
BACK_SECONDS = 30.0
NAME = "boot"
CALLER = "10.40.0.10"


def declare(aws: Clients) -> str:
    """A group of one instance with role, bucket, secrets, database, cache and queue; the group's name."""
    _declare_data(aws)
    aws("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument="{}")
    profile = aws("iam").create_instance_profile(InstanceProfileName=NAME)["InstanceProfile"]
    aws("iam").add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
    aws("s3").create_bucket(Bucket=f"{NAME}-releases", CreateBucketConfiguration={"LocationConstraint": REGION})
    publish(aws("s3"), f"{NAME}-releases", "one")
    database = aws("rds").describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"][0]["Endpoint"]["Address"]
    groups = aws("elasticache").describe_replication_groups(ReplicationGroupId=NAME)["ReplicationGroups"]
    given = {"BUCKET": f"{NAME}-releases", "REGION": REGION, "NAME": NAME, "DATABASE": database}
    given["CACHE"] = groups[0]["ConfigurationEndpoint"]["Address"]
    user_data = Path(__file__).with_name("user_data.sh").read_text()
    for word, value in given.items():
        user_data = user_data.replace(f"@{word}@", value)
    image = next(rows(aws("ec2"), "describe_images", Owners=["amazon"]))["ImageId"]
    data = {
        "ImageId": image,
        "InstanceType": "c6i.2xlarge",
        "UserData": base64.b64encode(user_data.encode()).decode(),
        "IamInstanceProfile": {"Arn": profile["Arn"]},
        "MetadataOptions": {"HttpTokens": "required"},
    }
    aws("ec2").create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)
    vpc = aws("ec2").create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.40.16.0/20")["Subnet"]["SubnetId"]
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": NAME, "Version": "$Latest"},
    )
    return NAME


def _declare_data(aws: Clients) -> None:
    secrets = {
        "app": {"app_key": "base64:" + base64.b64encode(bytes(32)).decode()},
        "database": {"username": "application", "password": "it's-a-password"},
        "cache": {"auth_token": "a-token-of-sixteen"},
    }
    for role, content in secrets.items():
        aws("secretsmanager").create_secret(Name=f"{NAME}-{role}", SecretString=json.dumps(content))
    aws("rds").create_db_instance(DBInstanceIdentifier=NAME, DBInstanceClass="db.m6i.large", Engine="mysql")
    aws("elasticache").create_replication_group(
        ReplicationGroupId=NAME,
        ReplicationGroupDescription="boot",
        Engine="redis",
        CacheNodeType="cache.m6g.large",
        NumNodeGroups=1,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=True,
        TransitEncryptionEnabled=True,
        ClusterMode="enabled",
    )
    aws("sqs").create_queue(QueueName=f"{NAME}-high")


@pytest.fixture(scope="module")
def around(endpoint: str, tmp_path_factory: pytest.TempPathFactory, aws: Clients) -> Iterator[Surroundings]:
    declare(aws)
    paths = isolated(Paths.of(), tmp_path_factory.mktemp("sandbox"))
    with surroundings(paths, endpoint, REGION, CALLER) as around:
        yield around


@pytest.fixture(scope="module")
def host(around: Surroundings, aws: Clients) -> Host:
    around.boot_data().wait_for("data.service", HEALTHY_SECONDS)
    [instance] = declared(aws, NAME)
    started = time.monotonic()
    host = Host.of(around, instance)
    host.wait("/api/health", 200, HEALTHY_SECONDS)
    host.healthy_seconds = time.monotonic() - started
    return host


def test_an_instance_becomes_healthy_with_its_user_data_alone(host: Host) -> None:
    answer = json.loads(host.ask("/api/health")[1])
    assert (answer["status"], answer["release"], answer["php"][:3]) == ("ok", "one", "8.4")
    usage = host.machine.usage()
    print(f"healthy {host.healthy_seconds:.1f} s, CPU {usage.cpu_seconds:.1f} s, {usage.memory_bytes / 1e6:.0f} MB")


@pytest.mark.parametrize("check", ["database", "redis", "queue"])
def test_the_application_reaches_its_data(host: Host, check: str) -> None:
    host.wait(f"/api/health/{check}", 200, BACK_SECONDS)


def rows_counted(host: Host) -> int:
    (counted,) = re.findall(r"^askproai_canary_rows (\d+)$", host.ask("/api/metrics")[1], re.MULTILINE)
    return int(counted)


def test_a_row_is_kept_and_counted(host: Host) -> None:
    before = rows_counted(host)
    assert host.ask("/api/canary", method="POST", body={"id": 100})[0] == 201
    assert json.loads(host.ask("/api/canary")[1])["last_id"] == 100
    assert rows_counted(host) == before + 1


def test_a_worker_does_the_job_that_a_visitor_queued(host: Host, aws: Clients) -> None:
    assert host.ask(f"/api/jobs/{NAME}-high", method="POST", body={"id": 7})[0] == 202
    deadline = time.monotonic() + BACK_SECONDS
    while 7 not in json.loads(host.ask("/api/canary")[1])["ids"]:
        assert time.monotonic() < deadline, host.machine.run("journalctl", "-u", "worker", "--no-pager")
        time.sleep(0.2)
    queue = aws("sqs").get_queue_url(QueueName=f"{NAME}-high")["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert set(left.values()) == {"0"}


def test_a_database_that_is_gone_fails_its_check_alone(host: Host) -> None:
    [data] = [machine for machine in host.around.machines if machine.name == "data"]
    data.run("systemctl", "stop", "mariadb")
    assert host.ask("/api/health/database")[0] == 503
    assert host.ask("/api/health/redis")[0] == 200
    data.run("systemctl", "start", "mariadb")
    host.wait("/api/health/database", 200, BACK_SECONDS)


@pytest.mark.parametrize("unit", ["php8.4-fpm", "worker"])
def test_a_service_that_is_killed_comes_back(host: Host, unit: str) -> None:
    host.kill(unit, BACK_SECONDS)
    host.wait("/api/health/database", 200, BACK_SECONDS)


def test_metadata_is_told_to_nobody_without_a_token(host: Host) -> None:
    url = "http://169.254.169.254/latest/meta-data/instance-id"
    assert host.machine.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url) == "401"


def test_a_host_reaches_nothing_outside(host: Host) -> None:
    assert host.machine.run("sh", "-c", "getent hosts deb.debian.org || echo unknown").strip() == "unknown"
    routes = host.around.outside.run("ip", "-json", "route", "show", "default")
    assert json.loads(routes) == []


def test_what_is_closed_is_closed(host: Host) -> None:
    assert host.ask("/.env")[0] == 403
    with pytest.raises(OSError, match=r"timed out|refused"):
        host.around.connection(host.address, 22, 1)
    assert "LISTEN" in host.machine.run("ss", "-ltn", "sport = :22"), "sshd listens, so it is UFW that closes it"
