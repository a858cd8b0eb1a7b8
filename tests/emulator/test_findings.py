"""The declared mails about findings, on the emulated AWS: which findings reach somebody, and what the mail says."""

import shlex
from typing import Any

import botocore.session
import pytest
from accounts import account
from stack_files import account_settings

from tests.emulator.emulated import ACCOUNT, REGION, Clients
from tests.emulator.mailed import ANALYZER, GUARDDUTY, HUB, INSTANCE, PUBLIC, Topic, finding

OPEN = {"Types": [PUBLIC]}
SEEN, ENDED = {"Workflow": {"Status": "NOTIFIED"}}, {"RecordState": "ARCHIVED"}


@pytest.fixture(scope="module")
def mails(aws: Clients) -> Topic:
    """The declared topic, key and rule of a region, in the emulator's account."""
    inputs = {
        each.name.removeprefix(f"{REGION}-findings-"): each.inputs
        for each in account().resources
        if each.name.startswith(f"{REGION}-findings-")
    }

    def here(text: str) -> str:
        return text.replace(account_settings().account_id, ACCOUNT)

    made = Topic(
        aws=aws,
        name=inputs["topic"]["name"],
        topic_policy=here(inputs["publishers"]["policy"]),
        key_policy=here(inputs["key"]["policy"]),
    )
    transformer = inputs["target"]["inputTransformer"]
    made.told_by(
        inputs["rule"]["eventPattern"],
        {"InputPathsMap": transformer["inputPaths"], "InputTemplate": transformer["inputTemplate"]},
    )
    return made


@pytest.fixture(scope="module")
def hub(aws: Clients) -> Any:
    client = aws("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


@pytest.mark.parametrize(
    ("product", "label", "others", "is_mailed"),
    [
        (GUARDDUTY, "CRITICAL", {}, True),
        (GUARDDUTY, "HIGH", {}, True),
        (GUARDDUTY, "MEDIUM", {}, True),
        (GUARDDUTY, "LOW", {}, False),
        (HUB, "HIGH", {}, True),
        (HUB, "MEDIUM", {}, False),
        (ANALYZER, "LOW", {}, False),
        (ANALYZER, "LOW", OPEN, True),
        (GUARDDUTY, "HIGH", SEEN, False),
        (GUARDDUTY, "HIGH", ENDED, False),
        (ANALYZER, "LOW", OPEN | SEEN, False),
    ],
)
def test_findings_that_cannot_wait_are_mailed_and_no_other(
    mails: Topic, hub: Any, name: str, product: str, label: str, others: dict[str, Any], is_mailed: bool
) -> None:
    hub.batch_import_findings(Findings=[finding(name, product, label, **others)])
    assert len(mails.told()) == is_mailed


def test_a_mail_says_what_where_and_how_to_read_on(mails: Topic, hub: Any, name: str) -> None:
    sent = finding(name, GUARDDUTY, "HIGH")
    hub.batch_import_findings(Findings=[sent])
    (text,) = mails.told()
    lines = text.splitlines()
    assert all(line[0] == line[-1] == '"' for line in lines)
    assert [line.strip('"') for line in lines[:3]] == [
        f"HIGH: {sent['Title']}",
        f"Account {ACCOUNT}, region {REGION}, {sent['UpdatedAt']}",
        f"Resource: {INSTANCE}",
    ]
    assert "<" not in text


def test_the_commands_in_a_mail_are_about_its_finding(mails: Topic, hub: Any, name: str) -> None:
    """botocore's model of Security Hub is the witness for their words."""
    hub.batch_import_findings(Findings=[finding(name, GUARDDUTY, "HIGH")])
    (text,) = mails.told()
    read, end = (shlex.split(line.strip('"').partition(": aws ")[2]) for line in text.splitlines() if ": aws " in line)
    identity = finding(name, GUARDDUTY, "HIGH")["Id"]
    assert read == [
        "securityhub", "get-findings", "--region", REGION, "--filters", f"Id=[{{Value={identity},Comparison=EQUALS}}]",
    ]  # fmt: skip
    assert end[:2] == ["securityhub", "batch-update-findings"]
    assert end[-1] == f"Id={identity},ProductArn={GUARDDUTY}"
    shapes: Any = botocore.session.get_session().get_service_model("securityhub").shape_for
    assert shapes("AwsSecurityFindingFilters").members["Id"].member.members.keys() == {"Value", "Comparison"}
    assert "EQUALS" in shapes("StringFilterComparison").enum
    assert shapes("AwsSecurityFindingIdentifier").members.keys() == {"Id", "ProductArn"}
    assert "NOTIFIED" in shapes("WorkflowStatus").enum
