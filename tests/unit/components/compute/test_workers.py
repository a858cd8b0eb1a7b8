"""The workers: their rights, and how the backlog makes them grow."""

from functools import cache
from typing import Any

from fake_cloud import Cloud, deploy
from parts import PROD, region

from components.compute.workers import Workers, WorkersArgs
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
    # A queue without data is left out of SUM, and would make a sum with + unknown; FILL would hide the newest minute.
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
