"""The job queues, each with a dead-letter queue for jobs that failed too often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.json_document import json_document
from components.security.iam import deny_without_tls, document
from components.security.keys import Keys
from components.site import Site
from naming import DataClass
from settings import QueueSettings

SECONDS_A_DAY = 86_400
LONG_POLL_SECONDS = 20
"""SQS's maximum. A short poll costs as much and queries only some of the servers: it may miss a message."""

NAME_LIMIT = 80


@dataclass(frozen=True, kw_only=True)
class QueuesArgs:
    """`queues` by the name that the application uses."""

    site: Site
    keys: Keys
    queues: Mapping[str, QueueSettings]


class Queues(Component):
    """Two encrypted queues per name: the job queue, and a dead-letter queue that accepts messages only from it."""

    work: dict[str, aws.sqs.Queue]
    dead_letter: dict[str, aws.sqs.Queue]

    def __init__(self, name: str, args: QueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("messaging:Queues", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args

        self.dead_letter = {queue: self._dead_letter_queue(queue, own) for queue, own in args.queues.items()}
        self.work = {queue: self._work_queue(queue, own) for queue, own in args.queues.items()}
        for queue in args.queues:
            self._allow_redrive(queue)
            self._require_tls(queue, self.work[queue])
            self._require_tls(f"{queue}-dead-letter", self.dead_letter[queue])
        self.register_outputs({"urls": {queue: made.url for queue, made in self.work.items()}})

    def _dead_letter_queue(self, queue: str, settings: QueueSettings) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-{queue}-dead-letter",
            name=self._args.site.naming.physical(f"queue-{queue}-dead-letter", NAME_LIMIT),
            message_retention_seconds=settings.dead_letter_retention_days * SECONDS_A_DAY,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            kms_master_key_id=self._args.keys["messages"].arn,
            opts=self.child(protect=self._is_protected(settings)),
        )

    def _work_queue(self, queue: str, settings: QueueSettings) -> aws.sqs.Queue:
        redrive = {
            "deadLetterTargetArn": self.dead_letter[queue].arn,
            "maxReceiveCount": settings.max_receive_count,
        }
        return aws.sqs.Queue(
            f"{self._name}-{queue}",
            name=self._args.site.naming.physical(f"queue-{queue}", NAME_LIMIT),
            message_retention_seconds=settings.retention_days * SECONDS_A_DAY,
            visibility_timeout_seconds=settings.visibility_timeout_seconds,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            kms_master_key_id=self._args.keys["messages"].arn,
            redrive_policy=json_document(redrive),
            opts=self.child(protect=self._is_protected(settings)),
        )

    def _is_protected(self, settings: QueueSettings) -> bool:
        return self._args.site.protected and not settings.retired

    def _allow_redrive(self, queue: str) -> None:
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [self.work[queue].arn]}
        aws.sqs.RedriveAllowPolicy(
            f"{self._name}-{queue}",
            queue_url=self.dead_letter[queue].url,
            redrive_allow_policy=json_document(allowed),
            opts=self.child(),
        )

    def _require_tls(self, role: str, queue: aws.sqs.Queue) -> None:
        aws.sqs.QueuePolicy(
            f"{self._name}-{role}",
            queue_url=queue.url,
            policy=document([deny_without_tls("sqs:*", queue.arn)]),
            opts=self.child(),
        )
