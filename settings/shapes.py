"""The types of settings that several blocks share."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.problems import closest

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180,
    365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""CloudWatch Logs API, PutRetentionPolicy."""

LOG_RETENTION_FLOOR_DAYS = 365
"""PCI DSS 4.0, 10.5.1: audit logs are kept for twelve months."""

LABEL = re.compile(r"[a-z][a-z0-9]{0,11}")
HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
POLICY_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
"""IAM API, CreatePolicy."""
ROLE_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
"""IAM API, CreateRole."""
TAG_VALUE = re.compile(r"[A-Za-z0-9 +=._:/@-]{1,256}")
PHP_VERSION = re.compile(r"[1-9]\d?\.\d{1,2}")
RELEASE = re.compile(r"(?=.{0,64}$)([A-Za-z0-9]+([.+-][A-Za-z0-9]+)*)?")
EMAIL = re.compile(r"(?=.{1,254}$)[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
ARM_FAMILY = re.compile(r"a1|[a-z]+\d+g[a-z]*")
"""Graviton families have a g right after the generation (EC2 User Guide, "Instance type naming conventions");
a1, the first, does not."""

REGIONS = [
    line for line in Path(__file__).with_name("aws_regions.txt").read_text().splitlines() if not line.startswith("#")
]
"""AWS's regions, of all partitions."""


def text(check: str, pattern: re.Pattern[str]) -> AfterValidator:
    """Text that matches `pattern` completely; `check` says what to write instead."""

    def judge(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(check)
        return value

    return AfterValidator(judge)


def _log_retention(days: int) -> int:
    kept = [allowed for allowed in LOG_RETENTION_DAYS if allowed >= LOG_RETENTION_FLOOR_DAYS]
    if days not in kept:
        nearest = min(kept, key=lambda allowed: abs(allowed - days))
        raise ValueError(
            f"is not a CloudWatch retention of {LOG_RETENTION_FLOOR_DAYS} days or more; "
            f"want {', '.join(map(str, kept))}; the nearest is {nearest}"
        )
    return days


def _region(value: str) -> str:
    if value not in REGIONS:
        raise ValueError(f"is not an AWS region{closest(value, REGIONS) or '; want a name such as the console shows'}")
    return value


def _account_id(value: str) -> str:
    if not re.fullmatch(r"\d{12}", value):
        raise ValueError("is not an AWS account ID; want 12 digits in quotes, for YAML reads bare digits as a number")
    return value


def _environment(value: str) -> str:
    if not LABEL.fullmatch(value):
        better = re.sub(r"[^a-z0-9]", "", value.lower()).lstrip("0123456789")[:12] or "prod"
        raise ValueError(
            f"cannot be a prefix of resource names; want 1 to 12 lower-case letters and digits, such as {better}"
        )
    return value


def _domain(value: str) -> str:
    labels = value.split(".")
    if len(labels) >= 2 and len(value) <= 64 and all(HOST_LABEL.fullmatch(label) for label in labels):
        return value
    better = re.sub(r"^[a-z]+://|[/:].*$", "", value.lower()).replace("_", "-").strip(".-")
    example = better if "." in better else "example.com"
    raise ValueError(f"is not a plain host name of at most 64 characters; want one such as {example}")


def _instance_type(value: str) -> str:
    for prefix in ("db.", "cache."):
        if value.startswith(prefix):
            raise ValueError(f"is a class of another service; want {value.removeprefix(prefix)}")
    if not INSTANCE_TYPE.fullmatch(value):
        raise ValueError("is not an instance type; want family.size, such as c6i.2xlarge")
    return value


def _class_of(prefix: str) -> AfterValidator:
    def check(value: str) -> str:
        bare = value.removeprefix("cache.").removeprefix("db.")
        if not INSTANCE_TYPE.fullmatch(bare):
            raise ValueError(f"is not an instance class; want {prefix}family.size, such as {prefix}m6g.xlarge")
        if value != prefix + bare:
            raise ValueError(f"lacks the prefix {prefix}; did you mean {prefix}{bare}?")
        return value

    return AfterValidator(check)


def architecture(instance_type: str) -> str:
    """The architecture of an EC2 instance type, as Canonical names it."""
    return "arm64" if ARM_FAMILY.fullmatch(instance_type.split(".")[0]) else "amd64"


def image_architecture(parameter: str) -> str | None:
    """The architecture in the path of a public image parameter, as Canonical names it."""
    words = re.split(r"[/_-]", parameter.replace("x86_64", "amd64"))
    return next((name for name in ("amd64", "arm64") if name in words), None)


def _image_parameter(value: str) -> str:
    if value.startswith("resolve:ssm:"):
        raise ValueError(f"has the prefix that the launch template adds; want {value.removeprefix('resolve:ssm:')}")
    if not re.fullmatch(r"/(aws/service|askproai/images)(/[A-Za-z0-9._-]+)+", value):
        raise ValueError(
            "is not a public parameter; want a path under /aws/service/, or under /askproai/images/ for our own"
        )
    if image_architecture(value) is None:
        raise ValueError("names no architecture; want a path with amd64, x86_64 or arm64 in it")
    return value


LogRetention = Annotated[int, AfterValidator(_log_retention)]
Region = Annotated[str, AfterValidator(_region)]
AccountId = Annotated[str, AfterValidator(_account_id)]
Environment = Annotated[str, AfterValidator(_environment)]
Domain = Annotated[str, AfterValidator(_domain)]
ChangesApply = Literal["now", "maintenance-window"]
"""When a change takes effect (RDS API, ModifyDBInstance; ElastiCache API, ModifyReplicationGroup: ApplyImmediately)."""
InstanceType = Annotated[str, AfterValidator(_instance_type)]
DatabaseClass = Annotated[str, _class_of("db.")]
CacheClass = Annotated[str, _class_of("cache.")]
ImageParameter = Annotated[str, AfterValidator(_image_parameter)]
CostCenter = Annotated[
    str, text("is not a tag value; want 1 to 256 letters, digits, spaces or + - = . _ : / @", TAG_VALUE)
]
PolicyName = Annotated[
    str, text("is not a policy's name; want 1 to 128 letters, digits or + = , . @ _ -, not an ARN", POLICY_NAME)
]
RoleName = Annotated[
    str, text("is not a role's name; want 1 to 64 letters, digits or + = , . @ _ -, not an ARN", ROLE_NAME)
]
EmailAddress = Annotated[str, text("is not an email address; want one such as oncall@example.com", EMAIL)]
PhpVersion = Annotated[
    str, text("is not a version of PHP; want major and minor number in quotes, such as '8.3'", PHP_VERSION)
]
Release = Annotated[
    str,
    text("is not a release; want up to 64 letters, digits, dots, pluses and hyphens, such as 2025.01.10-1", RELEASE),
]
"""Part of object keys and paths."""
Percent = Annotated[int, Field(ge=1, le=99)]
"""A percentage at which a group scales out: at 100 it never would."""
