"""SQS: what a queue remembers of its policies."""

import json
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from sandbox.aws.fixes.fix import replaces


@replaces(SQSBackend, "get_queue_attributes")
def redrive_policies_read_back(
    stock: Any, self: SQSBackend, queue_name: str, attribute_names: list[str]
) -> dict[str, Any]:
    """moto adds spaces to the redrive policy, so previews show a difference, and drops the redrive-allow policy."""
    known = [name for name in attribute_names if name != "RedriveAllowPolicy"]
    attributes: dict[str, Any] = dict(stock(self, queue_name, known))
    if attributes.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = json.dumps(json.loads(attributes["RedrivePolicy"]), separators=(",", ":"))
    allowed = getattr(self.get_queue(queue_name), "redrive_allow_policy", None)
    if allowed and not {"All", "RedriveAllowPolicy"}.isdisjoint(attribute_names):
        attributes["RedriveAllowPolicy"] = allowed
    return attributes


@replaces(Queue, "_set_attributes")
def policy_outlives_other_changes(
    stock: Any, self: Queue, attributes: dict[str, Any], now: float | None = None
) -> None:
    """In moto, setting any attribute of a queue deletes its access policy."""
    kept = getattr(self, "policy", None)
    stock(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = kept
