"""What is refused of the web and worker tiers."""

from typing import Any

import pytest
from broken_files import ABSENT, Refusal, refusals

WEB: list[Refusal] = [
    (
        "web.instance_type",
        "m6g.large",
        "web.instance_type: 'm6g.large' is arm64, and image_parameter is for amd64; want an amd64 type, or "
        "the image's path with arm64",
    ),
    (
        "web.instance_type",
        "db.m6i.large",
        "web.instance_type: 'db.m6i.large' is a class of another service; want m6i.large",
    ),
    (
        "web.instance_type",
        "c6i-2xlarge",
        "web.instance_type: 'c6i-2xlarge' is no instance type; want family.size, such as c6i.2xlarge",
    ),
    ("web.warm_min_size", 0, "web.warm_min_size: 0 is out of range; want a whole number from 1 to 500"),
    ("web.warm_min_size", 3, "web.warm_min_size: 3 is above required_instances 2; want 1 to 2"),
    ("web.volume_gib", 4, "web.volume_gib: 4 is out of range; want a whole number from 8 to 65536"),
    (
        "web.image_parameter",
        "ami-0123456789abcdef0",
        "web.image_parameter: 'ami-0123456789abcdef0' is no public parameter; want a path under /aws/service/",
    ),
    (
        "web.image_parameter",
        "/aws/service/canonical/ubuntu/ami-id",
        "web.image_parameter: '/aws/service/canonical/ubuntu/ami-id' names no architecture; want a path with "
        "amd64, x86_64 or arm64 in it",
    ),
    (
        "web.image_parameter",
        "resolve:ssm:/aws/service/ubuntu/amd64/ami-id",
        "web.image_parameter: 'resolve:ssm:/aws/service/ubuntu/amd64/ami-id' has the prefix that the launch "
        "template adds; want /aws/service/ubuntu/amd64/ami-id",
    ),
    (
        "web.blue.min_size",
        1,
        "web.blue.min_size: 1 cannot carry required_instances 2 after the loss of one of 3 zones; want 3 or more",
    ),
    ("web.blue.min_size", 7, "web.blue.min_size: 7 is above max_size 6; want min_size <= max_size"),
    ("web.blue.min_size", -1, "web.blue.min_size: -1 is out of range; want a whole number from 0 to 500"),
    ("web.blue.min_size", "two", "web.blue.min_size: 'two' does not fit; want a whole number from 0 to 500"),
    ("web.blue.min_size", "3", "web.blue.min_size: '3' is text; want the number 3 without quotes"),
    ("web.blue.min_size", 2.5, "web.blue.min_size: 2.5 does not fit; want a whole number from 0 to 500"),
    (
        "web.blue.min_size",
        ABSENT,
        "web.blue.min_size: is missing; want a whole number from 0 to 500 (Instances at least)",
    ),
    ("web.blue.weight", 90, "web.blue.weight: 90 and green.weight 0 make 90; want 100 together: 90 and 10"),
    ("web.blue.weight", 101, "web.blue.weight: 101 is out of range; want a whole number from 0 to 100"),
    (
        "web.blue.wieght",
        100,
        "web.blue.wieght: is unknown; known here: weight, min_size, max_size; did you mean weight?",
    ),
    ("web.target_cpu_percent", 100, "web.target_cpu_percent: 100 is out of range; want a whole number from 1 to 99"),
    ("web.target_memory_percent", 0, "web.target_memory_percent: 0 is out of range; want a whole number from 1 to 99"),
    ("web.warmup_seconds", 4000, "web.warmup_seconds: 4000 is out of range; want a whole number from 0 to 3600"),
    (
        "web.deregistration_delay_seconds",
        3601,
        "web.deregistration_delay_seconds: 3601 is out of range; want a whole number from 0 to 3600",
    ),
    (
        "web.health_check_path",
        "api/health",
        "web.health_check_path: 'api/health' is no path; want a slash and up to 1023 characters, such as /api/health",
    ),
    (
        "web.waf_requests_per_5_minutes",
        5,
        "web.waf_requests_per_5_minutes: 5 is out of range; want a whole number from 10 to 2000000000",
    ),
    (
        "web.tls_policy",
        "ELBSecurityPolicy-2016-08",
        "web.tls_policy: 'ELBSecurityPolicy-2016-08' is no policy of ELB with TLS 1.3 and without 1.1; did "
        "you mean ELBSecurityPolicy-TLS13-1-2-2021-06?",
    ),
    (
        "web.tls_policy",
        "none",
        "web.tls_policy: 'none' is no policy of ELB with TLS 1.3 and without 1.1; want one such as "
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
]

WORKERS: list[Refusal] = [
    (
        "workers.instance_type",
        "t4g.large",
        "workers.instance_type: 't4g.large' is arm64, and image_parameter is for amd64; want an amd64 type, "
        "or the image's path with arm64",
    ),
    (
        "workers.min_size",
        2,
        "workers.min_size: 2 cannot carry required_instances 2 after the loss of one of 3 zones; want 3 or more",
    ),
    ("workers.max_size", 2, "workers.min_size: 3 is above max_size 2; want min_size <= max_size"),
    (
        "workers.backlog_per_instance",
        0,
        "workers.backlog_per_instance: 0 is out of range; want a whole number from 1 to 120000",
    ),
    ("workers.timeout_seconds", 0, "workers.timeout_seconds: 0 is out of range; want a whole number from 1 to 43200"),
    ("workers.queues", {}, "workers.queues: names no queue; want at least one, such as default"),
    (
        "workers.queues.default.visibility_timeout_seconds",
        30,
        "workers.queues.default.visibility_timeout_seconds: 30 is below timeout_seconds 60 of the workers, so"
        " a job would run twice; want 60 to 43200",
    ),
    (
        "workers.queues.default.visibility_timeout_seconds",
        99999,
        "workers.queues.default.visibility_timeout_seconds: 99999 is out of range; want a whole number from 1 to 43200",
    ),
    (
        "workers.queues.default.retention_days",
        14,
        "workers.queues.default.dead_letter_retention_days: 14 is not above retention_days 14, and a dead "
        "message keeps its age; want dead_letter_retention_days > retention_days, 14 at most",
    ),
    (
        "workers.queues.default.max_receive_count",
        0,
        "workers.queues.default.max_receive_count: 0 is out of range; want a whole number from 1 to 1000",
    ),
    (
        "workers.queues.default.max_receive_count",
        1001,
        "workers.queues.default.max_receive_count: 1001 is out of range; want a whole number from 1 to 1000",
    ),
    (
        "workers.queues.default.dead_letter_retention_days",
        1,
        "workers.queues.default.dead_letter_retention_days: 1 is not above retention_days 4, and a dead "
        "message keeps its age; want dead_letter_retention_days > retention_days, 14 at most",
    ),
    (
        "workers.queues.default.dead_letter_retention_days",
        15,
        "workers.queues.default.dead_letter_retention_days: 15 is out of range; want a whole number from 1 to 14",
    ),
    (
        "workers.queues.default.colour",
        "red",
        "workers.queues.default.colour: is unknown; known here: visibility_timeout_seconds, retention_days, "
        "max_receive_count, dead_letter_retention_days",
    ),
]


@pytest.mark.parametrize(("key", "value", "line"), [*WEB, *WORKERS])
def test_a_bad_setting_is_refused_in_one_line(key: str, value: Any, line: str) -> None:
    assert refusals((key, value)) == [line]
