"""The load balancer compared with other sources: the manuals for names, ELB for its limits."""

from fnmatch import fnmatchcase
from typing import Any

import botocore.session
import pytest
from fake_cloud import Record
from parts import PROD, region

RULE = "aws:lb/listenerRule:ListenerRule"
TARGETS = "aws:lb/targetGroup:TargetGroup"


def matches(rule: Record, host: str, path: str) -> bool:
    """Whether a rule matches a request: each condition matches with one of its values (ELB API, RuleCondition)."""
    asked = {"hostHeader": host, "pathPattern": path}
    return all(
        any(fnmatchcase(asked[kind], value) for value in condition["values"])
        for conditions in rule.inputs["conditions"]
        for kind, condition in conditions.items()
    )


def answered(host: str, path: str = "/") -> str:
    """The HTTPS listener's handling of a request: the first matching rule by priority, else its default."""
    rules = sorted(region().of(RULE), key=lambda rule: rule.inputs["priority"])
    for rule in rules:
        if matches(rule, host, path):
            [action] = rule.inputs["actions"]
            return str(action["type"])
    return "unknown"


@pytest.mark.parametrize(
    ("host", "path", "by"),
    [
        ("admin.askproai.de", "/", "forward"),  # ops, "Access Information": Admin Panel
        ("monitoring.askproai.de", "/", "forward"),  # ops, "Access Information": Monitoring
        ("api.askproai.de", "/api/health", "forward"),  # devops, "Post-Deployment Verification"
        ("api.askproai.de", "/api/health/database", "forward"),  # the same
        ("askproai.de", "/", "forward"),
        ("www.askproai.de", "/", "forward"),
        ("app.askproai.de", "/login", "forward"),
        ("origin-prod.askproai.de", "/api/health", "forward"),
        ("origin-dr.askproai.de", "/api/health/queue", "forward"),
        ("origin-prod.askproai.de", "/login", "unknown"),
        ("origin-prod.askproai.de", "/api/healthy", "unknown"),
        ("other.askproai.de", "/", "unknown"),
        ("askproai.de.example.com", "/", "unknown"),
    ],
)
def test_a_request_is_answered_by_whom_its_host_names(host: str, path: str, by: str) -> None:
    assert PROD.domain == "askproai.de"
    assert answered(host, path) == by


def test_a_host_gets_no_request_after_45_seconds_of_failure_and_again_after_30_of_success() -> None:
    checks = {target.name: target.inputs["healthCheck"] for target in region().of(TARGETS)}
    assert len(checks) >= 2
    for name, check in checks.items():
        assert check["interval"] * check["unhealthyThreshold"] == 45, name
        assert check["interval"] * check["healthyThreshold"] == 30, name
        assert check["timeout"] < check["interval"], name
        assert check["interval"] * check["healthyThreshold"] < PROD.web.warmup_seconds, name


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("healthyThreshold", "HealthCheckThresholdCount"),
        ("unhealthyThreshold", "HealthCheckThresholdCount"),
        ("interval", "HealthCheckIntervalSeconds"),
        ("timeout", "HealthCheckTimeoutSeconds"),
    ],
)
def test_health_checks_are_within_the_limits_of_elb(value: str, shape: str) -> None:
    model: Any = botocore.session.get_session().get_service_model("elbv2")
    limits = model.shape_for(shape).metadata
    for target in region().of(TARGETS):
        assert limits["min"] <= target.inputs["healthCheck"][value] <= limits["max"]
