"""Who may do what in the account: the page's table, checked against the declared policies."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from accounts import account
from fake_cloud import Cloud, deploy
from parts import SITE
from simulation import EVERYTHING, POLICY, ROLE, ROLE_POLICY, Call, allowed, may, trusted
from stack_files import ROOT, account_settings, settings_of

from components.account.access import GITHUB, PREVIEWS
from components.account.rights import SERVICES
from components.compute.instance_role import InstanceRole, InstanceRoleArgs
from components.compute.permissions import sessions
from components.security.keys import ENDS, Keys, KeysArgs
from ops.bootstrap.state_backend import StateBackend

PAGE = ROOT / "docs/access.md"
A = account_settings().account_id
HOME, AWAY, ELSEWHERE = "eu-central-1", "eu-west-1", "us-east-1"
BOUNDARY = {"iam:PermissionsBoundary": f"arn:aws:iam::{A}:policy/askproai-account-boundary"}
PREFIXES = {
    "lb": {"elasticloadbalancing"},
    "cloudwatch": {"cloudwatch", "logs"},
    "backup": {"backup", "backup-storage"},
    "ebs": {"ec2"},
    "ec2clientvpn": {"ec2"},
    "kinesis": {"firehose"},
}
"""IAM's prefixes where they differ from the module of pulumi-aws (AWS, "Service Authorization Reference")."""
TAGGED = {"ssm:resourceTag/Project": "askproai"}
SEEN = {"securityhub:ASFFSyntaxPath/Workflow.Status": "NOTIFIED"}
SUPPRESSED = {"securityhub:ASFFSyntaxPath/Workflow.Status": "SUPPRESSED"}
SSH = {"aws:ResourceTag/Project": "askproai", "ec2:osuser": "devops"}


def there(region: str) -> dict[str, str]:
    return {"aws:RequestedRegion": region}


def key(alias: str) -> dict[str, str]:
    return {"kms:ResourceAliases": f"alias/{alias}"}


def bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}-{A}"


def role(name: str) -> str:
    return f"arn:aws:iam::{A}:role/{name}"


STATE = bucket("askproai-state-home")
SECRET = f"arn:aws:secretsmanager:{HOME}:{A}:secret:askproai-prod-database"
INSTANCE = f"arn:aws:ec2:{HOME}:{A}:instance/i-1"
LOCKED = {"data", "storage", "record"}
"""The keys of what nobody may delete: the backups, and the audit trail."""
CALLS = {
    "read the stacks' state and secrets": [
        Call("s3:GetObject", f"{STATE}/.pulumi/stacks/askproai/prod.json"),
        Call("kms:Decrypt", f"arn:aws:kms:{AWAY}:{A}:key/1", key("askproai-state-key")),
    ],
    "write the stacks' state": [Call("s3:PutObject", f"{STATE}/.pulumi/stacks/askproai/prod.json")],
    "change the platform at home": [
        Call("rds:ModifyDBInstance", f"arn:aws:rds:{HOME}:{A}:db:askproai-prod-database", there(HOME)),
        Call("ec2:CreateVpc", "*", there(HOME)),
        Call("iam:CreateRole", role("askproai-prod-web"), BOUNDARY),
        Call("iam:PassRole", role("askproai-prod-web")),
    ],
    "change the platform in the other region": [Call("autoscaling:UpdateAutoScalingGroup", "*", there(AWAY))],
    "read metrics and logs": [
        Call("cloudwatch:GetMetricData", "*", there(HOME)), Call("logs:FilterLogEvents", "*", there(HOME))
    ],
    "publish the checklist's metrics": [
        Call("cloudwatch:PutMetricData", "*", there(HOME) | {"cloudwatch:namespace": "AskProAI"}),
    ],
    "move jobs out of a lost region": [
        Call(f"sqs:{action}", f"arn:aws:sqs:{place}:{A}:askproai-prod-queue-default", there(place))
        for place, action in ((HOME, "ReceiveMessage"), (HOME, "DeleteMessage"), (AWAY, "SendMessage"))
    ]
    + [
        Call(f"kms:{action}", f"arn:aws:kms:{place}:{A}:key/1", there(place) | key("askproai-prod-messages"))
        for place, action in ((HOME, "Decrypt"), (AWAY, "GenerateDataKey"))
    ],
    "upload a release": [
        Call("s3:PutObject", f"{bucket('askproai-prod-releases')}/releases/1.0.tar.gz", there(HOME)),
    ],
    "read and restore databases": [
        Call("rds:RestoreDBInstanceToPointInTime", f"arn:aws:rds:{HOME}:{A}:db:askproai-prod-database", there(HOME)),
    ],
    "read the password of the database's administrator": [
        Call("secretsmanager:GetSecretValue", f"{SECRET}-AbCdEf", there(HOME)),
    ],
    "read the database's account of dbadmin": [
        Call("secretsmanager:GetSecretValue", f"{SECRET}-dbadmin-AbCdEf", there(HOME)),
    ],
    "rotate a secret": [
        Call("s3:PutObject", f"{STATE}/.pulumi/stacks/askproai/prod.json"),
        Call("secretsmanager:PutSecretValue", f"{SECRET}-application-AbCdEf", there(HOME)),
        Call("secretsmanager:UpdateSecretVersionStage", f"{SECRET}-application-AbCdEf", there(HOME)),
        Call("secretsmanager:PutResourcePolicy", f"{SECRET}-AbCdEf", there(HOME)),
        Call("elasticache:ModifyReplicationGroup", "*", there(HOME)),
        Call("ssm:SendCommand", INSTANCE, TAGGED),
        Call("ssm:SendCommand", f"arn:aws:ssm:{HOME}::document/AWS-RunShellScript"),
    ],
    "delete a database": [
        Call("rds:DeleteDBInstance", f"arn:aws:rds:{HOME}:{A}:db:askproai-prod-database", there(HOME))
    ],
    "open a shell on an instance": [
        Call("ssm:StartSession", INSTANCE, TAGGED),
        Call("ssm:StartSession", f"arn:aws:ssm:{HOME}:{A}:document/SSM-SessionManagerRunShell"),
        Call("kms:GenerateDataKey", f"arn:aws:kms:{HOME}:{A}:key/1", there(HOME) | key("askproai-account-sessions")),
    ],
    "connect by SSH through the bastion": [
        Call("ec2-instance-connect:SendSSHPublicKey", INSTANCE, SSH),
    ],
    "forward a port to the database": [
        Call("ssm:StartSession", INSTANCE, TAGGED),
        Call("ssm:StartSession", f"arn:aws:ssm:{HOME}::document/AWS-StartPortForwardingSessionToRemoteHost"),
    ],
    "read findings, and end the mails about one": [
        Call(f"securityhub:{action}", f"arn:aws:securityhub:{place}:{A}:hub/default", there(place) | SEEN)
        for place in (HOME, AWAY)
        for action in ("GetFindings", "BatchUpdateFindings")
    ],
    "stop the audit trail": [Call("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HOME}:{A}:trail/askproai-account")],
    "change permissions of the account's roles": [
        Call("iam:PutRolePolicy", role("askproai-ci-deploy-prod"), BOUNDARY),
        Call("iam:UpdateAssumeRolePolicy", role("askproai-account-devops")),
    ],
}  # fmt: skip
"""The table's rows as AWS calls: a role may do something if it may make each of the calls."""
ROLES = (
    "ci-preview", "ci-check", "ci-deploy-prod", "ci-deploy-dr", "ci-deploy-edge",
    "deploy", "devops", "dbadmin", "break-glass",
)  # fmt: skip


def table() -> dict[tuple[str, str], bool]:
    """The page's table: whether a role may do something."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    (head,) = (row for row in rows if row[0] == "may")
    names = [name.strip("`") for name in head[1:]]
    return {
        (row[0], name): cell == "yes"
        for row in rows
        if row[0] in CALLS
        for name, cell in zip(names, row[1:], strict=True)
    }


TABLE = table()


@pytest.fixture(scope="module")
def cloud() -> Cloud[Any]:
    return account()


def test_the_table_asks_every_role_about_everything() -> None:
    assert TABLE.keys() == {(thing, name) for thing in CALLS for name in ROLES}


@pytest.mark.parametrize(("thing", "name"), TABLE)
def test_a_role_may_do_what_the_table_says_and_nothing_else(cloud: Cloud[Any], thing: str, name: str) -> None:
    assert all(may(cloud, f"access-{name}", call) for call in CALLS[thing]) is TABLE[thing, name]


@pytest.mark.parametrize("name", ["ci-deploy-prod", "devops"])
@pytest.mark.parametrize(
    "call",
    [
        Call("iam:CreateRole", role("askproai-prod-web")),
        Call("iam:AttachRolePolicy", role("askproai-prod-web")),
        Call("iam:CreateRole", role("askproai-prod-web"), {"iam:PermissionsBoundary": f"arn:aws:iam::{A}:policy/a"}),
        Call("iam:DeleteRolePermissionsBoundary", role("askproai-prod-web")),
        Call("iam:PutRolePolicy", role("administrator"), BOUNDARY),
        Call("iam:CreatePolicyVersion", f"arn:aws:iam::{A}:policy/askproai-account-boundary"),
        Call("iam:CreateUser", f"arn:aws:iam::{A}:user/askproai-user"),
        Call("ec2:RunInstances", "*", there(ELSEWHERE)),
        Call("kms:ScheduleKeyDeletion", f"arn:aws:kms:{AWAY}:{A}:key/1", there(AWAY) | key("askproai-state-key")),
        Call("kms:ScheduleKeyDeletion", f"arn:aws:kms:{HOME}:{A}:key/1", there(HOME) | key("askproai-account-record")),
        Call("s3:DeleteBucket", STATE, there(AWAY)),
        Call("s3:DeleteObjectVersion", f"{STATE}/a", there(AWAY)),
        Call("s3:PutBucketPolicy", bucket("askproai-account-trail"), there(HOME)),
        Call("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HOME}:{A}:alarm:askproai-account-events-a", there(HOME)),
        Call("sns:Unsubscribe", f"arn:aws:sns:{AWAY}:{A}:askproai-account-{AWAY}-findings:1", there(AWAY)),
        Call("sns:SetSubscriptionAttributes", f"arn:aws:sns:{HOME}:{A}:askproai-account-{HOME}-findings", there(HOME)),
        Call("sns:PutDataProtectionPolicy", f"arn:aws:sns:{HOME}:{A}:askproai-account-{HOME}-findings", there(HOME)),
        Call("sns:DeleteTopic", f"arn:aws:sns:{HOME}:{A}:askproai-account-events", there(HOME)),
        Call("kms:DisableKey", f"arn:aws:kms:{HOME}:{A}:key/1", there(HOME) | key("askproai-account-findings")),
        Call("securityhub:BatchUpdateFindings", f"arn:aws:securityhub:{HOME}:{A}:hub/default", SUPPRESSED),
        Call("ec2:DisableEbsEncryptionByDefault", "*", there(HOME)),
        Call("s3:PutAccountPublicAccessBlock", "*", there(HOME)),
    ],
    ids=lambda call: f"{call.action} {call.resource}",
)  # fmt: skip
def test_who_changes_the_platform_does_not_widen_the_rights_nor_end_the_record(
    cloud: Cloud[Any], name: str, call: Call
) -> None:
    assert not may(cloud, f"access-{name}", call)


def test_a_role_that_a_deployment_makes_cannot_do_more_than_the_boundary(cloud: Cloud[Any]) -> None:
    boundary = cloud.one(POLICY).document()
    assert allowed(Call("rds:DeleteDBInstance", "*"), [EVERYTHING], boundary)
    assert not allowed(Call("cloudtrail:StopLogging", "*"), [EVERYTHING], boundary)
    assert not allowed(Call("iam:PutRolePolicy", role("askproai-account-deploy")), [EVERYTHING], boundary)
    for action, kind in (("events:DisableRule", "rule/"), ("events:RemoveTargets", "rule/"), ("sns:DeleteTopic", "")):
        arn = f"arn:aws:{action.partition(':')[0]}:{HOME}:{A}:{kind}askproai-{{}}"
        assert not allowed(Call(action, arn.format(f"account-{HOME}-findings")), [EVERYTHING], boundary)
        assert allowed(Call(action, arn.format("prod-alarms")), [EVERYTHING], boundary)


@pytest.mark.parametrize(
    "call",
    [
        Call("securityhub:BatchUpdateFindings", f"arn:aws:securityhub:{HOME}:{A}:hub/default", SUPPRESSED),
        Call("securityhub:BatchDisableStandards", "*"),
        Call("securityhub:BatchUpdateAutomationRules", "*"),
        Call("securityhub:BatchUpdateStandardsControlAssociations", "*"),
        Call("securityhub:CreateAutomationRule", "*"),
        Call("securityhub:DisableImportFindingsForProduct", f"arn:aws:securityhub:{HOME}:{A}:hub/default"),
        Call("securityhub:UpdateFindings", f"arn:aws:securityhub:{HOME}:{A}:hub/default"),
        Call("guardduty:ArchiveFindings", f"arn:aws:guardduty:{HOME}:{A}:detector/1"),
        Call("guardduty:CreateFilter", f"arn:aws:guardduty:{HOME}:{A}:detector/1"),
        Call("guardduty:CreateIPSet", f"arn:aws:guardduty:{HOME}:{A}:detector/1"),
        Call("guardduty:UpdateFilter", f"arn:aws:guardduty:{HOME}:{A}:detector/1/filter/a"),
    ],
    ids=lambda call: call.action,
)
def test_break_glass_alone_silences_findings(cloud: Cloud[Any], call: Call) -> None:
    """A deployment could otherwise make a role for it."""
    assert not allowed(call, [EVERYTHING], cloud.one(POLICY).document())
    assert may(cloud, "access-break-glass", call)


@pytest.fixture(scope="module")
def key_policies(cloud: Cloud[Any]) -> dict[str, dict[str, Any]]:
    """The policy of each key of a region, by the key's role, and of the account's audit trail."""
    keys = deploy(lambda: Keys("keys", KeysArgs(site=SITE, settings=settings_of("prod").keys)))
    found = {each.name.removeprefix("keys-"): each.document() for each in keys.of("aws:kms/key:Key")}
    return {**found, "record": cloud.one("aws:kms/key:Key", "record-key").document()}


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("action", ENDS)
def test_break_glass_alone_ends_the_keys_of_what_is_locked(
    cloud: Cloud[Any], key_policies: dict[str, dict[str, Any]], name: str, action: str
) -> None:
    arn = role(cloud.one(ROLE, f"access-{name}").inputs["name"])
    for what in LOCKED:
        call = Call(action, f"arn:aws:kms:{HOME}:{A}:key/1", there(HOME) | {"aws:PrincipalArn": arn})
        # In one account, a denial in the key's policy is final, and IAM decides on what the policy grants to the
        # account.
        there_too = allowed(call, [key_policies[what]], None)
        assert (may(cloud, f"access-{name}", call) and there_too) is (name == "break-glass"), what


@pytest.mark.parametrize("principal", [role("administrator"), f"arn:aws:iam::{A}:root", f"arn:aws:iam::{A}:user/a"])
def test_no_administrator_ends_them_who_has_every_right_of_iam(
    key_policies: dict[str, dict[str, Any]], principal: str
) -> None:
    for action in ENDS:
        call = Call(action, f"arn:aws:kms:{HOME}:{A}:key/1", {"aws:PrincipalArn": principal})
        ended = {what for what, policy in key_policies.items() if allowed(call, [policy, EVERYTHING], None)}
        assert ended == key_policies.keys() - LOCKED, action


def test_every_role_but_break_glass_has_the_boundary(cloud: Cloud[Any]) -> None:
    bounded = {each.name for each in cloud.of(ROLE) if "permissionsBoundary" in each.inputs}
    assert {f"access-{name}" for name in ROLES} - bounded == {"access-break-glass"}


def test_a_dbadmin_deletes_no_backup(cloud: Cloud[Any]) -> None:
    for action in ("DeleteDBSnapshot", "DeleteDBInstanceAutomatedBackup", "DeleteDBCluster"):
        assert not may(cloud, "access-dbadmin", Call(f"rds:{action}", f"arn:aws:rds:{HOME}:{A}:snapshot:askproai-a"))


@pytest.mark.parametrize("name", ["devops", "dbadmin"])
def test_a_session_is_checked_for_its_document_and_on_instances_of_the_platform_alone(
    cloud: Cloud[Any], name: str
) -> None:
    unchecked = TAGGED | {"ssm:SessionDocumentAccessCheck": "false"}
    assert not may(cloud, f"access-{name}", Call("ssm:StartSession", INSTANCE, unchecked))
    assert not may(cloud, f"access-{name}", Call("ssm:StartSession", INSTANCE, {"ssm:resourceTag/Project": "other"}))


def test_a_key_is_lent_to_the_operators_user_on_instances_of_the_platform_alone(cloud: Cloud[Any]) -> None:
    for other in ({"ec2:osuser": "root"}, {"ec2:osuser": "ubuntu"}, {"aws:ResourceTag/Project": "other"}):
        assert not may(cloud, "access-devops", Call("ec2-instance-connect:SendSSHPublicKey", INSTANCE, SSH | other))
    (users,) = (ROOT / "hosts/common/etc/sysusers.d").iterdir()
    assert f"u {SSH['ec2:osuser']} - " in users.read_text()


def token(subject: str, repository: str = account_settings().access.repository) -> dict[str, str]:
    return {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": f"repo:{repository}:{subject}"}


@pytest.mark.parametrize(
    ("name", "context", "takes"),
    [
        *(("ci-preview", token(subject), True) for subject in PREVIEWS),
        ("ci-preview", token("ref:refs/heads/other"), False),
        ("ci-check", token("ref:refs/heads/main"), True),
        ("ci-check", token("pull_request"), False),
        ("ci-preview", token("environment:prod"), False),
        ("ci-deploy-prod", token("environment:prod"), True),
        ("ci-deploy-prod", token("environment:dr"), False),
        ("ci-deploy-prod", token("ref:refs/heads/main"), False),
        ("ci-deploy-prod", token("environment:prod", "somebody/platform"), False),
        ("ci-deploy-prod", token("environment:prod") | {f"{GITHUB}:aud": "elsewhere"}, False),
        ("ci-deploy-edge", token("environment:edge"), True),
    ],
)
def test_a_workflow_takes_the_role_of_its_job_alone(
    cloud: Cloud[Any], name: str, context: dict[str, str], takes: bool
) -> None:
    assert trusted(cloud, f"access-{name}", "sts:AssumeRoleWithWebIdentity", context) is takes


@pytest.mark.parametrize("name", ["deploy", "devops", "dbadmin", "break-glass"])
def test_people_take_a_role_with_a_second_factor_alone(cloud: Cloud[Any], name: str) -> None:
    assert trusted(cloud, f"access-{name}", "sts:AssumeRole", {"aws:MultiFactorAuthPresent": "true"})
    for without in ({"aws:MultiFactorAuthPresent": "false"}, {"aws:username": "a"}):
        assert not trusted(cloud, f"access-{name}", "sts:AssumeRole", without)


def test_break_glass_rings_an_alarm_by_the_name_of_its_role(cloud: Cloud[Any]) -> None:
    (found,) = (each for each in cloud.of("aws:cloudwatch/logMetricFilter:LogMetricFilter") if "glass" in each.name)
    name = cloud.one(ROLE, "access-break-glass").inputs["name"]
    assert f'roleArn="{role(name)}"' in found.inputs["pattern"]
    alarm = cloud.one("aws:cloudwatch/metricAlarm:MetricAlarm", "events-glass-broken")
    assert alarm.inputs["metricName"] == found.inputs["metricTransformation"]["name"]


def test_the_names_are_those_that_bootstrap_gives_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(ROOT / "tests/unit/support/fixtures"))
    backend = StateBackend.of()
    assert backend.home.bucket == STATE.removeprefix("arn:aws:s3:::")
    assert backend.alias == "alias/askproai-state-key"


def test_a_deployment_may_use_the_services_of_the_program_and_no_other() -> None:
    # No workflow deploys the account stack, because it records what they do.
    files = [path for path in (ROOT / "components").rglob("*.py") if path.parent.name != "account"]
    modules = {found for path in files for found in re.findall(r"\baws\.([a-z0-9]+)\.[A-Z]", path.read_text())}
    wanted = {prefix for module in modules - {"iam"} for prefix in PREFIXES.get(module, {module})}
    assert set(SERVICES) == {f"{prefix}:*" for prefix in wanted}


def test_each_role_of_a_region_carries_the_boundary_that_its_stack_names() -> None:
    site = replace(SITE, boundary=BOUNDARY["iam:PermissionsBoundary"])
    cloud = deploy(lambda: InstanceRole("hosts", InstanceRoleArgs(site=site, permissions=[])))
    assert cloud.one(ROLE).inputs["permissionsBoundary"] == site.boundary
    # Roles are declared only in components.
    makers = [path for path in ROOT.glob("*.py") if "iam.Role(" in path.read_text()]
    assert makers == []


def test_an_instance_may_keep_and_encrypt_the_sessions_of_its_region_and_no_other() -> None:
    document = {"Statement": sessions(SITE)}
    account, region = SITE.naming.account_id, SITE.region
    for where, expected in ((region, True), (f"{region}0", False)):
        group = f"arn:aws:logs:{where}:{account}:log-group:askproai-account-sessions:log-stream:s"
        assert allowed(Call("logs:PutLogEvents", group), [document], None) is expected
        with_key = Call("kms:Decrypt", f"arn:aws:kms:{where}:{account}:key/1", key("askproai-account-sessions"))
        assert allowed(with_key, [document], None) is expected
    other = Call("kms:Decrypt", f"arn:aws:kms:{region}:{account}:key/1", key("askproai-account-record"))
    assert not allowed(other, [document], None)


def test_sessions_are_kept_and_encrypted_in_each_region(cloud: Cloud[Any]) -> None:
    preferences = cloud.of("aws:ssm/document:Document")
    assert len(preferences) == len(account_settings().data_residency_regions)
    for each in preferences:
        # Session Manager finds the preferences by this name.
        assert (each.inputs["name"], each.inputs["documentType"]) == ("SSM-SessionManagerRunShell", "Session")
        inputs = json.loads(each.inputs["content"])["inputs"]
        group = cloud.one("aws:cloudwatch/logGroup:LogGroup", each.name.replace("preferences", "group"))
        assert inputs["cloudWatchLogGroupName"] == group.inputs["name"] == "askproai-account-sessions"
        assert inputs["kmsKeyId"] == group.inputs["kmsKeyId"]
        assert inputs["cloudWatchEncryptionEnabled"]


def documents(cloud: Cloud[Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(each.name, each.document()) for kind in (POLICY, ROLE_POLICY) for each in cloud.of(kind)]


def test_documents_have_the_form_and_the_size_that_iam_takes(cloud: Cloud[Any]) -> None:
    # This takes half a second, so only this test's process does it.
    from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator

    for name, document in documents(cloud):
        text = json.dumps(document)
        IAMPolicyDocumentValidator(text).validate()
        # IAM's quotas, without white space: a managed policy may be smaller than the inline policies of a role.
        assert len(re.sub(r"\s", "", text)) <= (6144 if name == "access-boundary" else 10240), name
    for each in cloud.of(ROLE):
        IAMTrustPolicyDocumentValidator(each.inputs["assumeRolePolicy"]).validate()
