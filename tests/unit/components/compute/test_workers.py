"""The workers: their permissions, and their scaling by backlog."""

import base64
from functools import cache
from typing import Any

import pytest
from fake_cloud import Cloud, deploy
from parts import PROD, region

from components.compute.workers import Workers, WorkersArgs, heartbeat_timeout
from settings import Capacity


@cache
def workers() -> Cloud[Workers]:
    args = WorkersArgs(context=region().built.context, settings=PROD.workers, capacity=Capacity.FULL)
    return deploy(lambda: Workers("workers", args))


def tracking(cloud: Cloud[Workers]) -> dict[str, Any]:
    return cloud.one("aws:autoscaling/policy:Policy", "workers-backlog").inputs["targetTrackingConfiguration"]


def metrics(cloud: Cloud[Workers]) -> dict[str, dict[str, Any]]:
    return {metric["id"]: metric for metric in tracking(cloud)["customizedMetricSpecification"]["metrics"]}


def dimension(metric: dict[str, Any]) -> tuple[str, str, str]:
    stored = metric["metricStat"]["metric"]
    [only] = stored["dimensions"]
    return stored["metricName"], only["name"], only["value"]


def test_the_backlog_is_that_of_every_work_queue() -> None:
    found = metrics(workers())
    measured = [dimension(metric) for name, metric in found.items() if name.startswith("queue")]
    assert measured == [
        ("ApproximateNumberOfMessagesVisible", "QueueName", f"askproai-prod-queue-{queue}")
        for queue in PROD.workers.queues
    ]


def test_each_worker_in_service_has_the_same_share_of_it() -> None:
    cloud = workers()
    found = metrics(cloud)
    assert dimension(found["instances"]) == (
        "GroupInServiceInstances",
        "AutoScalingGroupName",
        "askproai-prod-workers-fleet",
    )
    # SUM ignores a queue without data, while a sum with + would have no result; FILL would hide the newest minute.
    assert list(PROD.workers.queues) == ["default", "high", "notifications"]
    assert found["backlog_per_instance"]["expression"] == "SUM([queue0, queue1, queue2]) / instances"
    assert [name for name, metric in found.items() if metric["returnData"]] == ["backlog_per_instance"]
    assert tracking(cloud)["targetValue"] == PROD.workers.backlog_per_instance


def test_workers_take_jobs_and_queue_further_ones() -> None:
    cloud = workers()
    laid = region().built
    policy = cloud.one("aws:iam/rolePolicy:RolePolicy", "workers-instances-rights").document()
    queues = [cloud.value(queue.arn) for queue in laid.context.queues.work.values()]
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"):
        [resource] = [s["Resource"] for s in policy["Statement"] if action in s["Action"]]
        assert resource == queues


def test_nobody_balances_workers_so_ec2_says_whether_they_live() -> None:
    group = workers().one("aws:autoscaling/group:Group").inputs
    assert group["healthCheckType"] == "EC2"
    assert group["targetGroupArns"] == []


def test_a_worker_survives_the_loss_of_a_zone_without_a_new_instance() -> None:
    group = workers().one("aws:autoscaling/group:Group").inputs
    zones = len(group["vpcZoneIdentifiers"])
    left = group["minSize"] * (zones - 1) // zones
    assert left >= PROD.workers.required_instances


def test_a_terminated_instance_waits_for_its_jobs_and_not_for_a_host_that_gives_no_sign() -> None:
    cloud = workers()
    hook = cloud.one("aws:autoscaling/lifecycleHook:LifecycleHook", "workers-termination").inputs
    assert (hook["lifecycleTransition"], hook["defaultResult"]) == ("autoscaling:EC2_INSTANCE_TERMINATING", "CONTINUE")
    assert hook["autoscalingGroupName"] == "askproai-prod-workers-fleet"
    assert PROD.workers.timeout_seconds < hook["heartbeatTimeout"] * 100
    assert 30 <= hook["heartbeatTimeout"] <= 7200, "Auto Scaling API, PutLifecycleHook"


@pytest.mark.parametrize(("job_seconds", "heartbeat_seconds"), [(1, 60), (5940, 60), (5941, 61), (43200, 433)])
def test_all_heartbeats_together_outlast_the_longest_job(job_seconds: int, heartbeat_seconds: int) -> None:
    assert heartbeat_timeout(job_seconds) == heartbeat_seconds


def test_a_worker_lets_instances_of_its_own_group_go_and_no_others() -> None:
    cloud = workers()
    policy = cloud.one("aws:iam/rolePolicy:RolePolicy", "workers-instances-rights").document()
    [statement] = [s for s in policy["Statement"] if "autoscaling:CompleteLifecycleAction" in s["Action"]]
    group = cloud.one("aws:autoscaling/group:Group", "workers-fleet-group").inputs["name"]
    assert statement["Resource"].endswith(f":autoScalingGroup:*:autoScalingGroupName/{group}")


def test_an_instance_knows_the_hook_that_holds_it() -> None:
    cloud = workers()
    hook = cloud.one("aws:autoscaling/lifecycleHook:LifecycleHook", "workers-termination").inputs["name"]
    script = cloud.one("aws:ec2/launchTemplate:LaunchTemplate", "workers-fleet-template").inputs["userData"]
    told = base64.b64decode(script).decode()
    assert f"ASKPROAI_TERMINATION_HOOK={hook}\n" in told
    assert "ASKPROAI_VISITORS_URL=https://app.askproai.de/api/health\n" in told
