"""Policy documents: the only module that builds them, and its statements."""

import json

import pytest
from fake_cloud import deploy
from stack_files import ROOT

from components.security.iam import VERSION, allow, deny_without_tls, document, trust


def test_policy_documents_are_made_here_alone() -> None:
    spelt = [path.name for path in (ROOT / "components").rglob("*.py") if VERSION in path.read_text()]
    assert spelt == ["iam.py"]


@pytest.mark.parametrize("optional", ["sid", "principal", "condition"])
def test_a_statement_has_no_element_that_it_was_not_given(optional: str) -> None:
    elements = {"sid": "One", "principal": {"Service": "s3.amazonaws.com"}, "condition": {"Bool": {"a": "true"}}}
    del elements[optional]
    assert {element.lower() for element in allow("s3:GetObject", "*", **elements)} == {
        *("effect", "action", "resource"),
        *elements,
    }


def test_a_service_may_assume_its_role_on_its_condition_alone() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    cloud = deploy(lambda: trust("ec2.amazonaws.com", condition))
    [statement] = json.loads(cloud.value(cloud.built))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


def test_a_request_without_tls_is_denied_whatever_else_is_allowed() -> None:
    cloud = deploy(lambda: document([allow("sqs:*", "*"), deny_without_tls("sqs:*", "*")]))
    written = json.loads(cloud.value(cloud.built))
    assert written["Version"] == "2012-10-17"
    assert [statement["Effect"] for statement in written["Statement"]] == ["Allow", "Deny"]
    assert written["Statement"][1]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
