"""An operator's work on a running stack: look, change a number, find drift, be refused, and finally destroy."""

import json

import pytest

from ops.core.aws import rows
from tests.e2e.operated import Platform, sandbox

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def secret_values(platform: Platform) -> list[str]:
    """Literally, and multi-line ones in JSON's form."""
    values = json.loads(platform.paths.secrets.read_text()).values()
    return sorted({form for value in values for form in (value, json.dumps(value)[1:-1])})


@pytest.fixture(scope="module")
def second_run(platform: Platform) -> str:
    """A preview of a stack that is already up."""
    return platform.pulumi("preview", "--json", "--expect-no-changes").stdout


def identities(state: str) -> dict[str, str]:
    """The IDs of all resources by URN; the rest of a state is encrypted again at each write."""
    resources = json.loads(state)["checkpoint"]["latest"]["resources"]
    return {resource["urn"]: resource.get("id", "") for resource in resources}


def test_a_second_run_changes_nothing(second_run: str) -> None:
    assert {step["op"] for step in json.loads(second_run)["steps"]} == {"same"}


def test_the_committed_files_stay_as_they_are(platform: Platform) -> None:
    committed = (platform.paths.checkout / "Pulumi.prod.yaml").read_text()
    assert "encryptionsalt" not in committed
    assert "secure:" not in committed


def test_a_change_of_one_number_is_one_change(platform: Platform) -> None:
    platform.pulumi("config", "set", "--path", "web.blue.max_size", "12")
    assert platform.preview() == {"update": ["web-blue-group"]}
    platform.pulumi("up", "--yes", "--skip-preview")
    described = platform.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=["askproai-prod-web-blue"]
    )
    assert described["AutoScalingGroups"][0]["MaxSize"] == 12


def test_bad_settings_are_refused_together_and_change_nothing(platform: Platform) -> None:
    before = platform.state()
    platform.pulumi("config", "set", "--path", "web.blue.min_size", "50")
    platform.pulumi("config", "set", "--path", "database.instance_class", "m6i.4xlarge")
    refused = platform.pulumi("up", "--yes", "--skip-preview", check=False)
    platform.pulumi("config", "set", "--path", "web.blue.min_size", "3")
    platform.pulumi("config", "set", "--path", "database.instance_class", "db.m6i.4xlarge")
    shown = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "askproai:web.blue.min_size: 50 is above max_size 12" in shown
    assert "did you mean 'db.m6i.4xlarge'" in shown or "did you mean db.m6i.4xlarge" in shown
    assert "Traceback" not in shown
    assert identities(platform.state()) == identities(before)


def test_a_rule_added_by_hand_is_drift_and_is_removed(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    (group,) = rows(ec2, "describe_security_groups", Filters=[{"Name": "group-name", "Values": ["askproai-prod-web"]}])
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    assert platform.preview("--refresh")["update"] == ["firewall-web"]
    (drifted,) = [urn for urn in identities(platform.state()) if urn.endswith("::firewall-web")]
    platform.pulumi("up", "--refresh", "--target", drifted, "--yes", "--skip-preview")
    (group,) = ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
    assert all(rule["FromPort"] != 22 for rule in group["IpPermissions"])


def test_no_secret_is_in_plain_text_anywhere(platform: Platform, secret_values: list[str], second_run: str) -> None:
    shown = [
        platform.state(),
        second_run,
        platform.pulumi("stack", "output", "--json").stdout,
        platform.pulumi("stack", "export").stdout,
        (platform.paths.project / "Pulumi.prod.yaml").read_text(),
    ]
    assert len(secret_values) >= 7
    assert sum(text.count(value) for text in shown for value in secret_values) == 0


def test_a_lost_region_is_an_error_and_comes_back_as_it_was(platform: Platform) -> None:
    region = platform.variables["AWS_REGION"]
    assert f"lost: {region} (refuse)" in sandbox(platform.paths, "blackout", region).stdout
    try:
        assert platform.pulumi("preview", "--refresh", check=False).returncode != 0
    finally:
        assert "every region answers" in sandbox(platform.paths, "blackout", region, "--end").stdout
    platform.pulumi("preview", "--refresh", "--expect-no-changes")


@pytest.mark.parametrize(
    ("given", "told"),
    [(("eu-centrl-1",), "did you mean eu-central-1?"), (("eu-central-1", "--mode", "slow"), "want one of refuse")],
)
def test_a_blackout_that_makes_no_sense_is_refused(platform: Platform, given: tuple[str, ...], told: str) -> None:
    refused = sandbox(platform.paths, "blackout", *given, check=False)
    assert refused.returncode != 0
    assert told in refused.stderr


def test_the_sandbox_says_what_is_up(platform: Platform) -> None:
    told = sandbox(platform.paths, "status", check=False).stdout
    assert platform.variables["AWS_ENDPOINT_URL"] in told
    assert "stack prod" in told


def test_destroying_is_refused_and_says_which_setting_allows_it(platform: Platform) -> None:
    refused = platform.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "allow_destroy_of" in refused.stdout + refused.stderr
    assert list(rows(platform.client("rds"), "describe_db_instances"))
