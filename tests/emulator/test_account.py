"""Account-wide and region-wide resources on the emulated AWS."""

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ops.core.aws import rows
from tests.emulator.emulated import ACCOUNT, OTHER_REGION, Clients

STANDARD = "arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0"
NOTIFICATION = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
MAIL = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}


def budget(aws: Clients, name: str) -> Any:
    client = aws("budgets")
    client.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": name,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        },
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [MAIL]}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    return client


@pytest.mark.fix("ec2_defaults.py:metadata_defaults_change")
def test_a_region_has_the_metadata_defaults_that_it_was_given(aws: Clients) -> None:
    aws("ec2").modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    found = aws("ec2").get_instance_metadata_defaults()["AccountLevel"]
    assert found == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    aws("ec2").modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert aws("ec2").get_instance_metadata_defaults().get("AccountLevel", {}) == {}


@pytest.mark.fix("ec2_defaults.py:metadata_defaults_read_back")
def test_a_region_without_metadata_defaults_says_so(aws: Clients) -> None:
    assert aws("ec2", OTHER_REGION).get_instance_metadata_defaults().get("AccountLevel", {}) == {}


@pytest.mark.fix("ec2_defaults.py:snapshots_are_blocked")
def test_a_region_blocks_public_snapshots(aws: Clients) -> None:
    aws("ec2").enable_snapshot_block_public_access(State="block-all-sharing")
    assert aws("ec2").get_snapshot_block_public_access_state()["State"] == "block-all-sharing"


@pytest.mark.fix("ec2_defaults.py:snapshots_are_unblocked")
def test_a_region_blocks_public_snapshots_no_more(aws: Clients) -> None:
    aws("ec2", OTHER_REGION).disable_snapshot_block_public_access()
    assert aws("ec2", OTHER_REGION).get_snapshot_block_public_access_state()["State"] == "unblocked"


@pytest.mark.fix("ec2_defaults.py:block_of_snapshots_reads_back")
def test_a_block_of_snapshots_is_of_its_region_alone(aws: Clients) -> None:
    aws("ec2").enable_snapshot_block_public_access(State="block-new-sharing")
    assert aws("ec2", OTHER_REGION).get_snapshot_block_public_access_state()["State"] == "unblocked"


@pytest.mark.fix("guardduty.py:features_that_are_not_named_stay")
def test_a_detector_has_each_feature_that_was_turned_on(aws: Clients) -> None:
    client = aws("guardduty")
    detector = client.create_detector(Enable=True)["DetectorId"]
    for feature in ("S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"):
        client.update_detector(DetectorId=detector, Features=[{"Name": feature, "Status": "ENABLED"}])
    found = client.get_detector(DetectorId=detector)["Features"]
    assert {each["Name"] for each in found} == {"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"}


@pytest.fixture
def hub(aws: Clients) -> Any:
    client = aws("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


@pytest.mark.fix("securityhub.py:configuration_changes")
def test_a_hub_takes_another_configuration(hub: Any) -> None:
    hub.update_security_hub_configuration(AutoEnableControls=True)
    assert hub.describe_hub()["AutoEnableControls"]


@pytest.mark.fix("securityhub.py:configuration_reads_back")
def test_a_hub_has_the_configuration_that_it_was_given(hub: Any) -> None:
    hub.update_security_hub_configuration(AutoEnableControls=False)
    assert not hub.describe_hub()["AutoEnableControls"]


@pytest.mark.fix("securityhub.py:standards_are_enabled")
def test_a_hub_judges_by_a_standard(hub: Any) -> None:
    (made,) = hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": STANDARD}])[
        "StandardsSubscriptions"
    ]
    assert (made["StandardsArn"], made["StandardsStatus"]) == (STANDARD, "READY")


@pytest.mark.fix("securityhub.py:standards_read_back")
def test_a_hub_names_the_standards_that_were_asked_for(hub: Any) -> None:
    hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": STANDARD}])
    arn = f"arn:aws:securityhub:eu-central-1:{ACCOUNT}:subscription/{STANDARD.partition('standards/')[2]}"
    found = hub.get_enabled_standards(StandardsSubscriptionArns=[arn])["StandardsSubscriptions"]
    assert [each["StandardsArn"] for each in found] == [STANDARD]
    assert hub.get_enabled_standards(StandardsSubscriptionArns=[f"{arn}0"])["StandardsSubscriptions"] == []


@pytest.mark.fix("securityhub.py:standards_are_disabled")
def test_a_hub_judges_by_a_standard_no_more(hub: Any) -> None:
    request = [{"StandardsArn": STANDARD}]
    (made,) = hub.batch_enable_standards(StandardsSubscriptionRequests=request)["StandardsSubscriptions"]
    hub.batch_disable_standards(StandardsSubscriptionArns=[made["StandardsSubscriptionArn"]])
    assert list(rows(hub, "get_enabled_standards")) == []


@pytest.mark.fix("budgets.py:budget_keeps_its_tags")
def test_a_budget_keeps_its_tags(aws: Clients, name: str) -> None:
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    assert budget(aws, name).list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.fix("budgets.py:tags_of_a_budget_read_back")
def test_a_budget_that_is_not_there_has_no_tags(aws: Clients, name: str) -> None:
    with pytest.raises(ClientError, match="doesn't exist"):
        aws("budgets").list_tags_for_resource(ResourceARN=f"arn:aws:budgets::{ACCOUNT}:budget/{name}")


@pytest.mark.fix("budgets.py:budget_changes")
def test_a_budget_changes(aws: Clients, name: str) -> None:
    client = budget(aws, name)
    limit = {"Amount": "20", "Unit": "USD"}
    changed = {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    client.update_budget(AccountId=ACCOUNT, NewBudget=changed)
    assert client.describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]["BudgetLimit"] == limit


@pytest.mark.fix("budgets.py:subscribers_read_back")
def test_a_notification_says_whom_it_reaches(aws: Clients, name: str) -> None:
    client = budget(aws, name)
    asked = {"AccountId": ACCOUNT, "BudgetName": name, "Notification": NOTIFICATION}
    assert client.describe_subscribers_for_notification(**asked)["Subscribers"] == [MAIL]


def test_an_account_blocks_public_buckets_for_who_asks_through_a_proxy(aws: Clients, endpoint: str) -> None:
    """As Terraform's provider does: S3 Control has a host name with the account, which does not resolve here."""
    import boto3

    client = boto3.client(
        "s3control", region_name="eu-central-1", endpoint_url="http://sandbox.invalid",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(proxies={"http": endpoint}, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    wanted = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    client.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=wanted)
    assert client.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"] == wanted
    client.delete_public_access_block(AccountId=ACCOUNT)
    with pytest.raises(client.exceptions.NoSuchPublicAccessBlockConfiguration):
        client.get_public_access_block(AccountId=ACCOUNT)
