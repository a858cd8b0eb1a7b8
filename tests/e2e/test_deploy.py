"""A release is deployed and rolled back on the real engine: refused, killed halfway, completed, seen in AWS, rolled
back.

Emulated: instances are records in the emulated AWS that are healthy immediately; Systems Manager accepts the migration
command and runs nothing; the sandbox's application answers visitors. Real: the engine, the provider, the stack file,
weights, templates, buckets, and the receiver of the messages.
"""

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from ops.core.aws import rows
from sandbox.instances.release import RELEASE
from tests.e2e.operated import Platform, meanwhile

pytestmark = pytest.mark.e2e

VERSION, BROKEN = "2025.01.10-1", "2025.01.10-2"
REFUSED = 3
ROLLBACK_SECONDS = 300
"""Operations manual, "Rollback Procedure": under 5 minutes."""
SHIFTS_SECONDS = 600
WITHOUT_TRAFFIC, WITH_TRAFFIC = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}


class Receiver:
    """A webhook on this machine; `messages` are the received ones."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                """The test's own output is enough."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/secret-of-the-hook"

    def titles(self) -> list[str]:
        return [message["attachments"][0]["title"].split(" ", 1)[1] for message in self.messages]


@pytest.fixture(scope="module")
def receiver(prod: Platform, standby: Platform) -> Iterator[Receiver]:
    """The webhook of prod's stack; afterwards both regions are restored."""
    stacks = [(stack, stack.paths.project / f"Pulumi.{stack.stack}.yaml") for stack in (prod, standby)]
    before, hook = [file.read_text() for _, file in stacks], Receiver()
    prod.pulumi("config", "set", "--secret", "slack_webhook", hook.url)
    yield hook
    hook.server.shutdown()
    for (stack, file), text in zip(stacks, before, strict=True):
        file.write_text(text)
        stack.pulumi("up", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def accounts(prod: Platform, standby: Platform) -> None:
    """The secrets of accounts on the database have values, the same in both regions: a rotation needs real workers."""
    for stack in (prod, standby):
        arns = json.loads(stack.pulumi("stack", "output", "--json").stdout)["secret_arns"]
        for name, arn in arns.items():
            if name.startswith("database-"):
                content = {
                    "username": f"{name.removeprefix('database-')}_1",
                    "password": hashlib.sha256(name.encode()).hexdigest(),
                }
                stack.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=json.dumps(content))


@pytest.fixture(scope="module")
def bucket(prod: Platform, accounts: None) -> str:
    """The releases bucket of prod, with a valid release and one with a wrong checksum."""
    name = json.loads(prod.pulumi("stack", "output", "--json").stdout)["bucket_names"]["releases"]
    archive = b"an archive"
    for version, digest in ((VERSION, hashlib.sha256(archive).hexdigest()), (BROKEN, "0" * 64)):
        key = f"releases/{version}.tar.gz"
        prod.client("s3").put_object(Bucket=name, Key=key, Body=archive)
        prod.client("s3").put_object(Bucket=name, Key=f"{key}.sha256", Body=f"{digest}  {version}.tar.gz\n".encode())
    return name


def weights(platform: Platform) -> dict[str, int]:
    """Each colour's share, which is equal in all forwarding rules."""
    elb = platform.client("elbv2")
    names = {row["TargetGroupArn"]: row["TargetGroupName"] for row in rows(elb, "describe_target_groups")}
    (balancer,) = elb.describe_load_balancers(Names=[f"askproai-{platform.stack}-balancer"])["LoadBalancers"]
    shares: set[tuple[tuple[str, int], ...]] = set()
    for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            for action in rule["Actions"]:
                targets = action.get("ForwardConfig", {}).get("TargetGroups", [])
                if targets:
                    shares.add(tuple(sorted((names[row["TargetGroupArn"]], row["Weight"]) for row in targets)))
    if len(shares) != 1:
        return {}
    return {name.rpartition("-")[2]: weight for name, weight in shares.pop()}


def releases(platform: Platform, group: str) -> list[str]:
    """The release in the user data of each instance of a group."""
    name = f"askproai-{platform.stack}-{group}"
    (found,) = platform.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    ec2, told = platform.client("ec2"), list[str]()
    for instance in found["Instances"]:
        data = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")["UserData"]
        lines = base64.b64decode(data["Value"]).decode().splitlines()
        told += [line.partition("=")[2] for line in lines if line.startswith("ASKPROAI_RELEASE=")]
    return told


def started_by(platform: Platform, group: str) -> str:
    """The release that the next instance of a group starts."""
    name = f"askproai-{platform.stack}-{group}"
    groups = platform.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    wanted = groups["AutoScalingGroups"][0]["LaunchTemplate"]
    (version,) = platform.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=wanted["LaunchTemplateId"], Versions=[wanted["Version"]]
    )["LaunchTemplateVersions"]
    data = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
    (release,) = re.findall(r"^ASKPROAI_RELEASE=(.*)$", data, re.MULTILINE)
    return release


def test_a_release_whose_checksum_differs_is_refused_beside_all_else(
    prod: Platform, receiver: Receiver, bucket: str
) -> None:
    before = prod.state()
    refused = prod.ops("deploy", "start", BROKEN, "--yes", check=False)
    assert refused.returncode == REFUSED, refused.stdout + refused.stderr
    assert f"releases/{BROKEN}.tar.gz has the SHA-256" in refused.stderr
    assert "Traceback" not in refused.stderr
    missing = prod.ops("deploy", "start", "1.2.3", "--yes", check=False)
    assert (missing.returncode, "is not in eu-central-1" in missing.stderr) == (REFUSED, True)
    assert (prod.state(), weights(prod), receiver.messages) == (before, WITHOUT_TRAFFIC, [])


def test_a_dry_run_says_each_step_and_changes_nothing(prod: Platform, receiver: Receiver, bucket: str) -> None:
    before = prod.state(), (prod.paths.project / "Pulumi.prod.yaml").read_text()
    told = prod.ops("deploy", "start", VERSION, "--dry-run").stdout
    for share in (10, 50, 100):
        assert f"would route {share} % of the traffic" in told
    assert (prod.state(), (prod.paths.project / "Pulumi.prod.yaml").read_text()) == before
    assert receiver.messages == []


def test_a_deployment_that_is_killed_on_its_way_is_finished_by_the_same_command(
    prod: Platform, receiver: Receiver, bucket: str
) -> None:
    killed = subprocess.Popen(
        [prod.paths.launcher, "deploy", "start", VERSION, "--yes"],
        env=prod.variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + SHIFTS_SECONDS
    while weights(prod) == WITHOUT_TRAFFIC and time.monotonic() < deadline and killed.poll() is None:
        time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert weights(prod) != WITHOUT_TRAFFIC

    statuses = list[int]()
    with meanwhile(lambda: statuses.append(prod.visit("app.askproai.de", "/api/health").status_code), 0.5):
        done = prod.ops("deploy", "start", VERSION, "--yes").stdout

    assert "start the idle colour" in done
    assert set(statuses) == {200}
    assert receiver.titles() == ["Deployment started", "Deployment success"]


def test_aws_has_the_release_on_all_traffic_and_on_the_workers(prod: Platform, receiver: Receiver, bucket: str) -> None:
    assert weights(prod) == WITH_TRAFFIC
    assert releases(prod, "web-green") == [VERSION] * len(releases(prod, "web-blue")) != []
    assert set(releases(prod, "workers-fleet")) == {VERSION}
    assert set(releases(prod, "web-blue")) == {RELEASE}
    (snapshot,) = rows(prod.client("rds"), "describe_db_snapshots", SnapshotType="manual")
    assert (snapshot["Status"], "-deploy-" in snapshot["DBSnapshotIdentifier"]) == ("available", True)
    (command,) = rows(prod.client("ssm"), "list_commands")
    assert "artisan migrate --force" in command["Parameters"]["commands"][0]
    assert len(command["InstanceIds"]) == 1
    assert prod.preview() == {}
    (fields,) = {tuple(row["value"] for row in m["attachments"][0]["fields"][:2]) for m in receiver.messages}
    assert fields == ("prod", VERSION)


def test_the_status_shows_the_release_in_both_regions_and_the_window(prod: Platform, bucket: str) -> None:
    told = json.loads(prod.ops("deploy", "status", "--json").stdout)
    regions = {region["stack"]: region for region in told["regions"]}
    assert regions["prod"]["green"].startswith(f"{VERSION}: 100 %")
    assert all(VERSION in region["in_bucket"] for region in regions.values())
    assert "`ops deploy rollback` can roll it back" in told["lines"][0]
    assert f"dr starts {RELEASE} on web, prod serves {VERSION}" in prod.ops("dr", "status").stdout


def test_a_rollback_takes_traffic_and_workers_back_within_minutes(prod: Platform, receiver: Receiver) -> None:
    told = prod.ops("deploy", "rollback", "--yes").stdout
    (seconds,) = re.findall(r"; (\d+) s after the command", told)
    assert int(seconds) < ROLLBACK_SECONDS
    assert weights(prod) == WITHOUT_TRAFFIC
    assert set(releases(prod, "workers-fleet")) == {RELEASE}
    assert releases(prod, "web-green") == []
    assert prod.visit("app.askproai.de", "/api/health").status_code == 200
    assert receiver.titles()[-1] == "Deployment rolled back"
    assert prod.preview() == {}


def test_an_emergency_deployment_takes_one_step_and_is_promoted_for_the_standby_too(
    prod: Platform, standby: Platform, receiver: Receiver, bucket: str
) -> None:
    started = prod.ops("deploy", "start", VERSION, "--emergency", "payments fail", "--yes").stdout
    moved = [line for line in started.splitlines() if "% of the traffic" in line]
    assert ["skipped: emergency" in line for line in moved] == [True, True, False]
    assert weights(prod) == WITH_TRAFFIC
    early = prod.ops("deploy", "promote", "--yes", check=False)
    assert (early.returncode, "rollback window" in early.stderr) == (REFUSED, True)

    prod.ops("deploy", "promote", "--emergency", "it pays again", "--yes")
    assert releases(prod, "web-blue") == []
    assert {started_by(standby, group) for group in ("web-blue", "workers-fleet")} == {VERSION}
    assert (prod.preview(), standby.preview()) == ({}, {})
    history = "".join(file.read_text() for file in prod.paths.state.rglob("history/*.json"))
    assert all(reason in history for reason in ("payments fail", "it pays again"))
    gone = prod.ops("deploy", "rollback", "--yes", check=False)
    assert gone.returncode == REFUSED, gone.stdout + gone.stderr


def test_no_message_and_no_file_has_the_webhook(prod: Platform, receiver: Receiver) -> None:
    kept = [file.read_text() for file in prod.paths.state.rglob("*.json")]
    assert kept
    assert not any("secret-of-the-hook" in text for text in [*kept, json.dumps(receiver.messages), prod.state()])
