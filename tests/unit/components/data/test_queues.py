"""The queues: their pairs, their encryption, and who may fill them."""

import json
from dataclasses import replace
from functools import cache

import pytest
from fake_cloud import Cloud, Record, deploy
from parts import LONG_SITE, SITE, UNPROTECTED, ground

from components.data.queues import Queues, QueuesArgs
from components.site import Site
from settings import QueueSettings

QUEUE = "aws:sqs/queue:Queue"


def queue_settings(visibility_timeout_seconds: int) -> QueueSettings:
    return QueueSettings(
        visibility_timeout_seconds=visibility_timeout_seconds,
        retention_days=4,
        max_receive_count=3,
        dead_letter_retention_days=14,
    )


@cache
def queues(site: Site = SITE) -> Cloud[Queues]:
    laid = ground(replace(site, protected=True)).built
    settings = {"default": queue_settings(120), "high": queue_settings(240)}
    args = QueuesArgs(site=site, keys=laid.keys, queues=settings)
    return deploy(lambda: Queues("queues", args))


def work_queue(cloud: Cloud[Queues], queue: str) -> Record:
    return cloud.one(QUEUE, f"queues-{queue}")


def test_every_name_has_a_work_queue_and_a_dead_letter_queue() -> None:
    cloud = queues()
    built = cloud.built
    assert set(built.work) == set(built.dead_letter) == {"default", "high"}
    assert [queue.inputs["name"] for queue in cloud.of(QUEUE)] == [
        "askproai-prod-queue-default",
        "askproai-prod-queue-default-dead-letter",
        "askproai-prod-queue-high",
        "askproai-prod-queue-high-dead-letter",
    ]


def test_all_are_encrypted_with_the_messages_key_and_polled_long() -> None:
    cloud = queues()
    laid = ground().built
    for queue in cloud.of(QUEUE):
        assert queue.inputs["kmsMasterKeyId"] == cloud.value(laid.keys["messages"].arn)
        assert queue.inputs["receiveWaitTimeSeconds"] == 20


def test_a_job_is_hidden_as_long_as_its_own_queue_says() -> None:
    cloud = queues()
    assert work_queue(cloud, "default").inputs["visibilityTimeoutSeconds"] == 120
    assert work_queue(cloud, "high").inputs["visibilityTimeoutSeconds"] == 240


def test_dead_letters_outlive_the_work() -> None:
    cloud = queues()
    assert work_queue(cloud, "default").inputs["messageRetentionSeconds"] == 4 * 86400
    assert work_queue(cloud, "default-dead-letter").inputs["messageRetentionSeconds"] == 14 * 86400


def test_a_job_that_fails_too_often_goes_to_its_own_dead_letter_queue() -> None:
    cloud = queues()
    built = cloud.built
    redrive = work_queue(cloud, "high").document("redrivePolicy")
    assert redrive == {"deadLetterTargetArn": cloud.value(built.dead_letter["high"].arn), "maxReceiveCount": 3}
    allow = cloud.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "queues-high")
    assert allow.inputs["queueUrl"] == cloud.value(built.dead_letter["high"].url)
    assert allow.document("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [cloud.value(built.work["high"].arn)],
    }


def test_every_queue_refuses_plain_http() -> None:
    cloud = queues()
    policies = cloud.of("aws:sqs/queuePolicy:QueuePolicy")
    assert {policy.inputs["queueUrl"] for policy in policies} == {
        cloud.value(queue.url) for queue in [*cloud.built.work.values(), *cloud.built.dead_letter.values()]
    }
    for policy in policies:
        [statement] = policy.document()["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("site", [SITE, UNPROTECTED])
def test_the_jobs_in_them_are_protected_as_the_stack_is(site: Site) -> None:
    assert {queue.protect for queue in queues(site).of(QUEUE)} == {site.protected}


def test_a_queue_that_is_retired_can_be_taken_out_and_no_other() -> None:
    laid = ground(replace(SITE, protected=True)).built
    settings = {"default": queue_settings(120), "old": queue_settings(120).model_copy(update={"retired": True})}
    cloud = deploy(lambda: Queues("queues", QueuesArgs(site=SITE, keys=laid.keys, queues=settings)))
    assert [queue.name for queue in cloud.of(QUEUE) if not queue.protect] == ["queues-old", "queues-old-dead-letter"]


def test_names_fit_in_the_longest_environment() -> None:
    assert all(len(queue.inputs["name"]) <= 80 for queue in queues(LONG_SITE).of(QUEUE))


def test_the_redrive_policy_is_json_that_aws_gives_back_unchanged() -> None:
    text = work_queue(queues(), "default").inputs["redrivePolicy"]
    assert isinstance(json.loads(text)["maxReceiveCount"], int)
