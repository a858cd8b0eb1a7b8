"""The AWS services that publish to topics, and the statements that allow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.security.iam import Statement, allow

WITH_KEY = ["kms:Decrypt", "kms:GenerateDataKey*"]
"""What a publisher to an encrypted topic or queue needs on its key."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """A service; `says_account` means that it sends aws:SourceAccount, so that other accounts can be excluded."""

    sid: str
    service: str
    says_account: bool = True

    def may(self, actions: str | list[str], resource: Any, account_id: str) -> Statement:
        """The statement that allows it, for the policy of a topic or a key."""
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
"""EventBridge. It meets no condition in the policy of a topic or its key: with one, nothing is published, and nobody is
notified (EventBridge User Guide, "Using resource-based policies"; SNS Developer Guide, "Managing encryption keys and
costs").
"""
