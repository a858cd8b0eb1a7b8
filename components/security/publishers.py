"""The services of AWS that publish to topics, and what lets each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.security.iam import Statement, allow

WITH_KEY = ["kms:Decrypt", "kms:GenerateDataKey*"]
"""What publishing to an encrypted topic or queue does with its key."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """A service; `says_account` means that it says for whose account it publishes, so that others can be kept away."""

    sid: str
    service: str
    says_account: bool = True

    def may(self, actions: str | list[str], resource: Any, account_id: str) -> Statement:
        """The statement of a topic's or a key's policy that lets it."""
        return allow(
            actions,
            resource,
            sid=self.sid,
            principal={"Service": self.service},
            condition={"StringEquals": {"aws:SourceAccount": account_id}} if self.says_account else None,
        )


ALARMS = Publisher(sid="Alarms", service="cloudwatch.amazonaws.com")
TOPICS = Publisher(sid="Topics", service="sns.amazonaws.com")
RULES = Publisher(sid="Rules", service="events.amazonaws.com", says_account=False)
"""EventBridge. It meets no condition in the policy of a topic or of its key: with one, nothing is published, and nobody
is told (EventBridge User Guide, "Using resource-based policies"; SNS Developer Guide, "Managing encryption keys and
costs").
"""
