"""Shows a region's queues, and moves messages that were left in them: each is deleted only after it was sent."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from hosts.roles import WORKERS
from ops.core import facts, hosts
from ops.core.aws import client, reachable
from ops.core.facts import side_by_side
from ops.core.pair import RegionStack
from ops.core.region_table import UNKNOWN, or_else
from ops.core.session import Session
from ops.core.steps import CHANGING, Plan, Step, Timeline, named, say, show_table
from ops.errors import Exit, OpsError, refused

AGE = "ApproximateAgeOfOldestMessage"
AGE_WINDOW = timedelta(minutes=15)
"""Our choice. SQS Developer Guide, "Available CloudWatch metrics": a data point per minute, none for a queue idle for
hours."""
AT_ONCE = 10
"""SQS API, ReceiveMessage, MaxNumberOfMessages: 10 at most."""
POLL_SECONDS = 3
"""Our choice. With long polling SQS queries all its servers, otherwise only some (SQS API, ReceiveMessage)."""
HIDDEN_SECONDS = 120
"""Our choice: enough to send ten messages. After it, messages that a killed command received are visible again."""

REDRIVE = Step(
    name="redrive the dead letters of {queue} in {stack}",
    does="Sends each message of the dead-letter queue to the queue itself and then deletes it, for as many messages "
    "as there were at the start.",
)
MOVE = Step(
    name="move the messages in the queues of {stack} to {other}",
    does="Sends each message to the queue of the same name in {other}, and dead letters to its dead-letter queue, and "
    "then deletes it. A message in flight to a worker is left.",
)
PLAN = Plan(steps=named((REDRIVE, MOVE), stack="STACK", other="OTHER", queue="QUEUE"), exits=CHANGING)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A job queue in SQS: its jobs by state, and the messages of its dead-letter queue."""

    name: str
    url: str
    jobs: dict[str, int]
    dead_url: str
    dead: int

    @property
    def content(self) -> str:
        """The messages that can be moved, as text."""
        return f"{self.jobs['waiting']} of {self.name} and {self.dead} dead"

    @property
    def is_empty(self) -> bool:
        """Whether both queues are empty."""
        return not (sum(self.jobs.values()) or self.dead)


def found(stack: RegionStack) -> dict[str, Queue]:
    """The queues of a region by name."""
    urls: dict[str, str] = stack.output("queue_urls")
    return side_by_side({name: partial(_queue, stack, name, url) for name, url in sorted(urls.items())})


def _queue(stack: RegionStack, name: str, url: str) -> Queue:
    sqs = client("sqs", stack.region)
    redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    dead_name = json.loads(redrive)["deadLetterTargetArn"].rpartition(":")[2]
    dead_url = sqs.get_queue_url(QueueName=dead_name)["QueueUrl"]
    dead = sum(facts.jobs(stack, dead_url).values())
    return Queue(name=name, url=url, jobs=facts.jobs(stack, url), dead_url=dead_url, dead=dead)


def show(session: Session, stacks: Iterable[str]) -> None:
    """The queues of regions, one table each, or that a region does not answer."""
    for stack in (session.pair[name] for name in stacks):
        if not reachable(stack.region):
            say(f"{stack.stack}: {stack.region} does not answer")
            continue
        queues = found(stack).values()
        states = next(iter(queues)).jobs
        ages = {queue.name: or_else(partial(_oldest, stack, queue), UNKNOWN) for queue in queues}
        rows = [(each.name, *map(str, each.jobs.values()), ages[each.name], str(each.dead)) for each in queues]
        show_table(f"Queues of {stack.stack}", ("queue", *states, "oldest", "dead"), rows)


def _oldest(stack: RegionStack, queue: Queue) -> str:
    """The age of the oldest message, from CloudWatch."""
    since = facts.now(stack.region) - AGE_WINDOW
    points = facts.metric(stack, "AWS/SQS", AGE, {"QueueName": queue.url.rpartition("/")[2]}, since)
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return "no figure" if newest is None else str(timedelta(seconds=int(newest["Maximum"])))


def redrive(session: Session, stack: str, name: str) -> Timeline:
    """`ops dr queues --redrive`: have the dead letters of one queue processed again. Returns what was done."""
    target = session.pair[stack]
    with session.hold() as timeline:
        session.read()
        _require(target)
        queues = found(target)
        if name not in queues:
            raise OpsError(f"{stack} has no queue {name}; want one of {', '.join(queues)}", Exit.USAGE)
        queue = queues[name]
        session.confirm(f"Have the workers of {stack} retry {queue.dead} dead letters of {name}?")
        with timeline.step(REDRIVE, queue=name, stack=stack) as step:
            step.detail = f"{queue.dead} messages"
            if not step.dry_run:
                # No more than there were at the start: jobs may fail again and come back.
                sent = _send_on(session, target, queue.dead_url, target, queue.url, queue.dead)
                step.detail = f"{sent} of {queue.dead} messages"
                session.record("redrive", {"stack": stack, "queue": name, "messages": sent})
    return timeline


def move(session: Session, stack: str, to: str) -> Timeline:
    """`ops dr queues --move-to`: have jobs that were left in a region processed in the one that writes. Returns what
    was done."""
    source, target = session.pair[stack], session.pair[to]
    if stack == to:
        raise OpsError(f"{stack} has these messages already; want the other region", Exit.USAGE)
    with session.hold() as timeline:
        session.read()
        _require(target, source)
        here, there = found(source), found(target)
        if lacking := [name for name, queue in here.items() if name not in there and not queue.is_empty]:
            raise refused([f"{to} has no queue {name}: `pulumi up --stack {to}`" for name in lacking])
        content = ", ".join(queue.content for queue in here.values() if not queue.is_empty) or "nothing"
        session.confirm(
            f"Send {content} to {to}? Jobs that need rows that only the database of {stack} has will fail there."
        )
        with timeline.step(MOVE, stack=stack, other=to) as step:
            step.detail = content
            if not step.dry_run:
                step.detail = _move_all(session, source, target, here, there)
                session.record("moved-jobs", {"from": stack, "to": to, "messages": step.detail})
    left = [queue.name for queue in here.values() if queue.jobs["in flight"] or queue.jobs["delayed"]]
    if left:
        say(f"          {', '.join(left)} have messages that cannot be received yet: run the same command again later")
    return timeline


def _move_all(
    session: Session, source: RegionStack, target: RegionStack, here: dict[str, Queue], there: dict[str, Queue]
) -> str:
    done = []
    for name in (name for name in here if name in there):
        sent = _send_on(session, source, here[name].url, target, there[name].url)
        dead = _send_on(session, source, here[name].dead_url, target, there[name].dead_url)
        done.append(f"{sent} of {name} and {dead} dead")
    return ", ".join(done)


def _require(target: RegionStack, source: RegionStack | None = None) -> None:
    """Raise OpsError (REFUSED) unless `target` processes jobs and `source` does not."""
    regions = [stack for stack in (target, source) if stack]
    problems = [f"{stack.region} does not answer" for stack in regions if not reachable(stack.region)]
    if not problems and not (target.writes and facts.is_writer(target)):
        problems.append(f"{target.stack} takes no writes, so no workers are running there")
    if not problems and source and hosts.running(source, hosts.groups(source, WORKERS).values()):
        problems.append(
            f"workers are running in {source.stack} and process its jobs: if {target.stack} serves instead, `ops dr "
            f"rebuild {source.stack}` stops them"
        )
    if problems:
        raise refused(problems)


def _send_on(
    session: Session, source: RegionStack, url: str, target: RegionStack, to_url: str, most: float = math.inf
) -> int:
    """Move messages from a queue to another until there are none, or `most` were moved. Returns their number.

    After a kill a message may be in both queues and be processed twice: jobs must tolerate that in any case, because
    SQS delivers "at least once".
    """
    here, there = client("sqs", source.region), client("sqs", target.region)
    sent = 0
    while sent < most:
        messages = here.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=int(min(AT_ONCE, most - sent)),
            MessageAttributeNames=["All"],
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=POLL_SECONDS,
        ).get("Messages", [])
        if not messages:
            break
        session.ledger.require_hold()
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            there.send_message(QueueUrl=to_url, MessageBody=message["Body"], MessageAttributes=attributes)
            here.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            sent += 1
    return sent
