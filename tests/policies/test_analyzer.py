"""The engine's protocol: requests are unpacked for the rules, and violations are returned."""

from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, PolicyPack, policy, proxy

from policies import analyzer, database
from policies.values import UNKNOWN, Secret

SECRET = {analyzer.SIGNATURE: analyzer.SECRET, "value": "correct horse"}
COMPLIANT = {
    "autoMinorVersionUpgrade": True,
    "backupRetentionPeriod": 35.0,
    "copyTagsToSnapshot": True,
    "deletionProtection": True,
    "enabledCloudwatchLogsExports": ["error", "slowquery", "audit"],
    "iamDatabaseAuthenticationEnabled": True,
    "monitoringInterval": 60.0,
    "multiAz": True,
    "password": SECRET,
    "publiclyAccessible": False,
    "storageEncrypted": True,
    "username": "askproai",
}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> analyzer.Analyzer:
    """The pack as it serves stack prod."""
    monkeypatch.setenv("PULUMI_STACK", "prod")
    described = [analyzer.described(rule) for rule in analyzer.RULES]
    return analyzer.Analyzer("askproai", "1", described, EnforcementLevel.MANDATORY)


def asked(kind: str, props: dict[str, Any], **more: Any) -> Any:
    request = proto.AnalyzeRequest(type=kind, urn="urn:a", name="a", **more)
    json_format.ParseDict(props, request.properties)
    json_format.ParseDict({"region": "eu-central-1"}, request.provider.properties)
    return request


def rules_broken(answer: Any) -> list[str]:
    return [each.policyName for each in answer.diagnostics]


def test_numbers_secrets_and_unknowns_are_unpacked() -> None:
    packed = {"a": 35.0, "b": 0.5, "c": [proxy.UNKNOWN_NUMBER_VALUE, True], "d": SECRET, "e": None, "f": "35.0"}
    found = analyzer.unpacked(packed)
    assert found == {"a": 35, "b": 0.5, "c": [UNKNOWN, True], "d": Secret("correct horse"), "e": None, "f": "35.0"}
    assert isinstance(found["a"], int)


def test_a_compliant_database_breaks_nothing(served: analyzer.Analyzer) -> None:
    assert rules_broken(served.Analyze(asked(database.INSTANCE, COMPLIANT), None)) == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"backupRetentionPeriod": 13.0}, ["database-backups-kept"]),
        ({"password": "correct horse"}, ["database-password-secret"]),
        ({"multiAz": None}, ["database-multi-az"]),
        ({"multiAz": proxy.UNKNOWN_BOOLEAN_VALUE}, []),
        ({"region": "us-east-1"}, ["data-in-allowed-region"]),
    ],
)
def test_a_broken_database_is_told_to_the_engine(
    served: analyzer.Analyzer, change: dict[str, Any], broken: list[str]
) -> None:
    answer = served.Analyze(asked(database.INSTANCE, {**COMPLIANT, **change}), None)
    assert rules_broken(answer) == broken
    assert {each.enforcementLevel for each in answer.diagnostics} <= {proto.MANDATORY}
    assert "correct horse" not in str(answer)


def test_resources_of_a_stack_are_linked_by_what_they_were_made_from(served: analyzer.Analyzer) -> None:
    request = proto.AnalyzeStackRequest()
    vpc = request.resources.add(type="aws:ec2/vpc:Vpc", urn="urn:vpc", name="vpc")
    log = request.resources.add(type="aws:ec2/flowLog:FlowLog", urn="urn:log", name="log")
    json_format.ParseDict({"trafficType": "ALL", "vpcId": proxy.UNKNOWN_STRING_VALUE}, log.properties)
    assert "vpc-flow-logged" in rules_broken(served.AnalyzeStack(request, None))
    log.propertyDependencies["vpcId"].urns.append(vpc.urn)
    assert "vpc-flow-logged" not in rules_broken(served.AnalyzeStack(request, None))


def test_the_engine_learns_of_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setenv("PULUMI_STACK", "prod")
    monkeypatch.setattr(policy, "_PolicyAnalyzerServicer", None)

    def listed(_pack: PolicyPack, _name: str, policies: list[Any], **_more: Any) -> None:
        given.extend(policies)

    monkeypatch.setattr(PolicyPack, "__init__", listed)
    analyzer.serve()
    assert policy._PolicyAnalyzerServicer is analyzer.Analyzer
    assert {each.name for each in given} == {rule.id for rule in (*analyzer.RULES, analyzer.STALE)}
    info = analyzer.Analyzer("askproai", "1", given, EnforcementLevel.MANDATORY).GetAnalyzerInfo(None, None)
    (encrypted,) = [each for each in info.policies if each.name == "database-encrypted"]
    assert encrypted.severity == proto.POLICY_SEVERITY_HIGH
    assert encrypted.policy_type == proto.PolicyType.POLICY_TYPE_RESOURCE
