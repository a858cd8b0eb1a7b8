"""The workers block: the queues and the group of instances that processes them."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.hosts import ApplicationHostSettings, GroupSize, out_of_order
from settings.problems import Problem
from settings.shapes import Release, text

JobSeconds = Annotated[int, Field(ge=1, le=43200)]
"""SQS API, CreateQueue, VisibilityTimeout: 12 hours at most."""

RetentionDays = Annotated[int, Field(ge=1, le=14)]
"""SQS API, CreateQueue, MessageRetentionPeriod: 14 days at most."""

MOST_QUEUES = 9
"""CloudWatch User Guide, "CloudWatch service quotas": an expression has 10 metrics; one is the number of instances."""

QueueName = Annotated[
    str,
    text("is not a queue name; want lower-case letters, digits and single hyphens, 40 characters at most",
         re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")),
]  # fmt: skip


def _any(queues: dict[str, "QueueSettings"]) -> dict[str, "QueueSettings"]:
    if not queues:
        raise ValueError("names no queue; want at least one, such as default")
    if len(queues) > MOST_QUEUES:
        raise ValueError(f"names {len(queues)} queues; want {MOST_QUEUES} or fewer: the group scales by all of them")
    return queues


class QueueSettings(Block):
    """A job queue and its dead-letter queue."""

    visibility_timeout_seconds: JobSeconds
    """Seconds that a message is hidden while a worker has it: at least the workers' timeout_seconds."""
    retention_days: RetentionDays
    """Days that a message is kept for a worker."""
    max_receive_count: Annotated[int, Field(ge=1, le=1000)]
    """Tries before a message goes to the dead-letter queue: 1 to 1000 (SQS Developer Guide, "Dead-letter queues")."""
    processes: Annotated[int, Field(ge=1, le=50)] = 1
    """Processes on each worker that take jobs from this queue, which is its priority (ours: 1 to 50)."""
    dead_letter_retention_days: RetentionDays
    """Days until a dead letter is deleted, counted from when it was first sent: more than retention_days."""
    retired: bool = False
    """Whether the queue is about to be removed: its protection is lifted, and workers still empty it."""

    @rule
    def _dead_letters_outlive_the_queue(self) -> Iterator[Problem]:
        if self.dead_letter_retention_days <= self.retention_days:
            yield Problem(
                path=("dead_letter_retention_days",),
                text=f"{self.dead_letter_retention_days} is not above retention_days {self.retention_days}, and a dead "
                "message keeps its age; want dead_letter_retention_days > retention_days, 14 at most",
            )


class WorkersSettings(ApplicationHostSettings):
    """The worker tier."""

    min_size: GroupSize
    """Instances at least."""
    max_size: GroupSize
    """Instances at most."""
    release: Release = ""
    """Release that the instances run; without one they run no application."""
    backlog_per_instance: Annotated[int, Field(ge=1, le=120_000)]
    """Waiting messages per instance above which the group scales out: up to the limit of messages in flight (SQS
    Developer Guide, "Message quotas").
    """
    timeout_seconds: JobSeconds
    """Seconds after which a worker stops a job."""
    queues: Annotated[dict[QueueName, QueueSettings], AfterValidator(_any)]
    """The queues by name."""

    @rule
    def _sizes_in_order(self) -> Iterator[Problem]:
        yield from out_of_order(self.min_size, self.max_size)

    @rule
    def _no_queue_has_the_name_of_a_dead_letter_queue(self) -> Iterator[Problem]:
        # SQS would answer the second CreateQueue with the first queue.
        for name in self.queues:
            taken = f"{name}-dead-letter"
            if taken in self.queues:
                yield Problem(
                    path=("queues", taken),
                    text=f"is the dead-letter queue of {name}; want another name for one of them",
                )

    @rule
    def _messages_stay_hidden_while_worked_on(self) -> Iterator[Problem]:
        for name, queue in self.queues.items():
            if queue.visibility_timeout_seconds < self.timeout_seconds:
                yield Problem(
                    path=("queues", name, "visibility_timeout_seconds"),
                    text=f"{queue.visibility_timeout_seconds} is below timeout_seconds {self.timeout_seconds} of the "
                    f"workers, so a job would run twice; want {self.timeout_seconds} to 43200",
                )
