"""From a load balancer's name to its handling of a request: its listener's rules and its instances in service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sandbox.application.observer import FRESH_SECONDS, Observer

TAGS = ("Project", "Environment")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A load balancer; its `tags` identify its stack, and all other resources of that stack."""

    region: str
    arn: str
    tags: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """The prefix of the names of the stack's resources."""
        return "".join(f"{self.tags.get(name, '')}-" for name in TAGS).lower()

    def owns(self, tags: Sequence[Mapping[str, str]]) -> bool:
        """Whether a resource with these tags belongs to the same stack."""
        given = {tag["Key"]: tag["Value"] for tag in tags}
        return all(given.get(name) == self.tags.get(name) for name in TAGS)


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """The load balancer's own answer."""

    status: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """A request that reaches the application, with the number of instances that could take it."""

    instances: int


def region_of(dns_name: str, regions: Sequence[str]) -> str | None:
    """The region of a load balancer, from its DNS name."""
    return next((region for region in regions if f".{region}." in dns_name.lower()), None)


def find(aws: Observer, region: str, dns_name: str) -> Origin | None:
    """The load balancer of that name, None if it is not declared."""
    # A load balancer that was just declared is not in an earlier answer.
    arn = _named(aws, region, dns_name, FRESH_SECONDS) or _named(aws, region, dns_name, 0)
    if arn is None:
        return None
    (described,) = aws.ask(region, "elbv2", "describe_tags", ResourceArns=[arn])["TagDescriptions"]
    return Origin(region=region, arn=arn, tags={tag["Key"]: tag["Value"] for tag in described["Tags"]})


def _named(aws: Observer, region: str, dns_name: str, fresh: float) -> str | None:
    balancers = aws.ask(region, "elbv2", "describe_load_balancers", fresh=fresh)["LoadBalancers"]
    return next((b["LoadBalancerArn"] for b in balancers if b["DNSName"].lower() == dns_name.lower()), None)


def route(aws: Observer, origin: Origin, host: str, path: str) -> Fixed | Forwarded:
    """The load balancer's handling of a request to `path` of `host`, by the rules of its HTTPS listener."""
    listeners = aws.ask(origin.region, "elbv2", "describe_listeners", LoadBalancerArn=origin.arn)["Listeners"]
    secure = next((listener for listener in listeners if listener["Protocol"] == "HTTPS"), None)
    if secure is None:
        return Fixed(status=502, text="no HTTPS listener")
    rules = aws.ask(origin.region, "elbv2", "describe_rules", ListenerArn=secure["ListenerArn"])["Rules"]
    actions = next(
        (rule["Actions"] for rule in sorted(rules, key=_priority) if _applies(rule, host, path)),
        secure["DefaultActions"],
    )
    action = actions[-1]
    if action["Type"] == "fixed-response":
        answer = action["FixedResponseConfig"]
        return Fixed(status=int(answer["StatusCode"]), text=answer.get("MessageBody", ""))
    if action["Type"] != "forward":
        return Fixed(status=502, text=f"the sandbox has no {action['Type']}")
    return Forwarded(instances=_in_service(aws, origin, _weighted(action)))


def _priority(rule: Mapping[str, Any]) -> int:
    return int(rule["Priority"]) if rule["Priority"].isdigit() else 100_000


def _applies(rule: Mapping[str, Any], host: str, path: str) -> bool:
    """Whether all conditions match; a condition on anything but host and path never does."""
    return all(_holds(condition, host, path) for condition in rule.get("Conditions", []))


def _holds(condition: Mapping[str, Any], host: str, path: str) -> bool:
    if condition["Field"] == "host-header":
        patterns = (condition.get("HostHeaderConfig") or condition)["Values"]
        return any(fnmatchcase(host.lower(), pattern.lower()) for pattern in patterns)
    if condition["Field"] == "path-pattern":
        patterns = (condition.get("PathPatternConfig") or condition)["Values"]
        return any(fnmatchcase(path, pattern) for pattern in patterns)
    return False


def _weighted(action: Mapping[str, Any]) -> set[str]:
    """The target groups that get requests."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    return {group["TargetGroupArn"] for group in groups if int(group.get("Weight", 1)) > 0}


def _in_service(aws: Observer, origin: Origin, groups: set[str]) -> int:
    found = aws.ask(origin.region, "autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    return sum(
        instance["LifecycleState"] == "InService" and instance["HealthStatus"].lower() == "healthy"
        for group in found
        if groups & set(group.get("TargetGroupARNs", []))
        for instance in group["Instances"]
    )
