"""The documented roles of the workflows: of AWS's form, trusted for single jobs, and no wider than the program."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from stack_files import ROOT

from ops.bootstrap import SAMPLE

FOLDER = ROOT / "docs/workflows"
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.json"))
PREFIXES = {
    "lb": {"elasticloadbalancing"},
    "cloudwatch": {"cloudwatch", "logs"},
    "backup": {"backup", "backup-storage"},
    "ebs": {"ec2"},
}
"""IAM's prefixes where they differ from the module of pulumi-aws (AWS, "Service Authorization Reference")."""
STATE_OBJECT = f"arn:aws:s3:::{SAMPLE.bucket}/.pulumi/stacks/askproai/prod.json"


def statements(name: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / f"{name}.json").read_text())["Statement"])


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def subjects(name: str) -> set[str]:
    (statement,) = statements(name)
    return set(listed(statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]))


def decided(name: str, action: str, resource: str) -> bool:
    """Whether a document allows an action, conditions left aside: a denial is final."""
    effects = {
        statement["Effect"] for statement in statements(name)
        if any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
    }  # fmt: skip
    return effects == {"Allow"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_has_the_form_that_iam_wants(name: str) -> None:
    # Half a second: only the process that runs this test pays it.
    from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator

    text = (FOLDER / f"{name}.json").read_text().replace("ACCOUNT", "123456789012")
    if name.startswith("trust-"):
        IAMTrustPolicyDocumentValidator(text).validate()
    else:
        IAMPolicyDocumentValidator(text).validate()
        # IAM's quota for the inline policies of a role, without white space.
        assert len(re.sub(r"\s", "", text)) <= 10240


def test_previews_are_trusted_on_pull_requests_and_on_main_and_deployments_in_their_environment() -> None:
    assert subjects("trust-preview") == {"repo:ORG/REPO:pull_request", "repo:ORG/REPO:ref:refs/heads/main"}
    assert subjects("trust-deploy") == {"repo:ORG/REPO:environment:STACK"}
    for name in ("trust-preview", "trust-deploy"):
        (statement,) = statements(name)
        assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"


def test_the_documents_name_the_state_as_the_bootstrap_makes_it() -> None:
    for name in (name for name in DOCUMENTS if name.startswith("permissions-")):
        assert decided(name, "s3:GetObject", STATE_OBJECT)
        keys = [each for each in statements(name) if each["Effect"] == "Allow" and "kms:Decrypt" in each["Action"]]
        assert [each["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"] for each in keys] == [SAMPLE.alias]


def test_a_preview_reads_the_state_and_changes_nothing() -> None:
    granted = {action for statement in statements("permissions-preview") for action in listed(statement["Action"])}
    assert granted == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}


def test_a_deployment_may_use_the_services_of_the_program_and_no_other() -> None:
    # No workflow deploys the account's stack: it holds the record of what they do.
    files = [path for path in (ROOT / "components").rglob("*.py") if path.parent.name != "account"]
    modules = {found for path in files for found in re.findall(r"\baws\.([a-z0-9]+)\.[A-Z]", path.read_text())}
    wanted = {prefix for module in modules - {"iam"} for prefix in PREFIXES.get(module, {module})}
    (services,) = (each for each in statements("permissions-deploy-region") if each["Sid"] == "Services")
    assert set(services["Action"]) == {f"{prefix}:*" for prefix in wanted}
    assert services["Condition"]["StringEquals"]["aws:RequestedRegion"] == ["OWN-REGION", "OFFSITE-REGION"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutRolePolicy", "arn:aws:iam::ACCOUNT:role/askproai-ci-deploy-prod"),
        ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::ACCOUNT:role/{SAMPLE.role}"),
        ("iam:PutRolePolicy", "arn:aws:iam::ACCOUNT:role/administrator"),
        ("iam:CreateUser", "arn:aws:iam::ACCOUNT:user/askproai-user"),
        ("s3:DeleteBucket", f"arn:aws:s3:::{SAMPLE.bucket}"),
        ("s3:PutBucketVersioning", f"arn:aws:s3:::{SAMPLE.copy_bucket}"),
        ("s3:DeleteObjectVersion", STATE_OBJECT),
    ],
)
def test_a_deployment_may_not_change_its_own_rights_nor_what_keeps_the_state(action: str, resource: str) -> None:
    assert not decided("permissions-deploy-region", action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:DeleteObject", STATE_OBJECT.replace("stacks", "locks")),
        ("iam:PassRole", "arn:aws:iam::ACCOUNT:role/askproai-prod-web"),
        ("rds:ModifyDBInstance", "arn:aws:rds:OWN-REGION:ACCOUNT:db:askproai-prod-database"),
    ],
)
def test_a_deployment_may_do_its_work(action: str, resource: str) -> None:
    assert decided("permissions-deploy-region", action, resource)


def test_the_page_says_which_document_each_role_has() -> None:
    page = (ROOT / "docs/workflows.md").read_text()
    assert set(re.findall(r"\(workflows/([\w-]+)\.json\)", page)) == set(DOCUMENTS)
