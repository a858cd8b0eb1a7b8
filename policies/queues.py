"""The queues: encrypted, private, and never losing a message silently."""

from policies.rule import CRITICAL, HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.statements import statements

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

DEFAULT_RETENTION_SECONDS = 345_600
"""Amazon SQS: the default, four days."""
DEFAULT_VISIBILITY_SECONDS = 30
"""Amazon SQS: the default visibility timeout."""


@rule(
    on=QUEUE, severity=HIGH, controls="FSBP SQS.1; PCI 3.5.1 (own); GDPR 32 (own)",
    remedy="Set kms_master_key_id.",
)  # fmt: skip
def queue_encrypted(queue: Resource) -> Findings:
    """A queue's messages are encrypted at rest."""
    return [] if queue.raw("sqsManagedSseEnabled") is True else queue.wants_any("kmsMasterKeyId")


@rule(
    on=QUEUE_POLICY, severity=CRITICAL, controls="CIS 7.0 2.21; PCI 7.2 (own); GDPR 25 (own)",
    remedy="Name the principals, or pin them with aws:SourceAccount.",
)  # fmt: skip
def queue_not_public(policy: Resource) -> Findings:
    """A queue's policy grants nothing to everyone."""
    for statement in statements(policy, "policy"):
        if statement.open and not statement.pinned:
            yield Finding(f"{', '.join(statement.actions)} allowed to everybody", "named principals")


def _dead_letters(queue: Resource, stack: Stack) -> list[Resource]:
    return stack.sources(queue, QUEUE, "redrivePolicy")


def _is_dead_letter_queue(queue: Resource, stack: Stack) -> bool:
    return bool(stack.made_from(queue, QUEUE, "redrivePolicy"))


@rule(
    on=QUEUE, among=True, severity=MEDIUM, controls="own",
    remedy="Give the queue a redrive policy, and its dead-letter queue a longer retention.",
)  # fmt: skip
def queue_dead_letters_kept(queue: Resource, stack: Stack) -> Findings:
    """A job queue has a dead-letter queue, which retains messages longer than the queue itself."""
    if _is_dead_letter_queue(queue, stack):
        return
    if not queue.has("redrivePolicy"):
        yield Finding("redrivePolicy not set", "a dead-letter queue")
    own = queue.get("messageRetentionSeconds") or DEFAULT_RETENTION_SECONDS
    for dead in _dead_letters(queue, stack):
        kept = dead.get("messageRetentionSeconds") or DEFAULT_RETENTION_SECONDS
        if kept <= own:
            yield Finding(f"{kept} s in {dead.name}", f"more than the {own} s of the queue")


@rule(
    on=QUEUE, among=True, severity=MEDIUM, controls="own",
    remedy="Raise visibility_timeout_seconds, or lower the workers' timeout.",
)  # fmt: skip
def queue_visibility_outlasts_worker(queue: Resource, stack: Stack) -> Findings:
    """A message does not become visible again while a worker may still process it."""
    if _is_dead_letter_queue(queue, stack):
        return
    seconds = queue.get("visibilityTimeoutSeconds")
    seconds = DEFAULT_VISIBILITY_SECONDS if seconds is None else seconds
    floor = queue.configuration.worker_timeout_seconds
    if seconds < floor:
        yield Finding(f"visibilityTimeoutSeconds {seconds}", f"the workers' {floor} at least")


POLICIES = (queue_encrypted, queue_not_public, queue_dead_letters_kept, queue_visibility_outlasts_worker)
