"""Systems Manager sessions in a region: encrypted in transit, and fully logged."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.json_document import json_document
from components.security.iam import document
from components.security.keys import account_decides, alias_of, log_group_encrypts
from components.site import Site
from naming import DataClass
from settings import AccountSettings

SESSIONS = "sessions"
"""The role in the names of the key and the log group, by which instances and people find them."""
PREFERENCES = "SSM-SessionManagerRunShell"
"""The document with a region's preferences: Session Manager expects this name (Systems Manager User Guide, "Create a
Session Manager preferences document")."""
LOG_GROUP_NAME_LIMIT = 512


@dataclass(frozen=True, kw_only=True)
class SessionsArgs:
    """The site, in the region of the sessions."""

    site: Site
    settings: AccountSettings


class Sessions(Component):
    """The preferences of Session Manager, the key of sessions, and their log group.

    A forwarded port is encrypted too, but Session Manager does not log its traffic.
    """

    def __init__(self, name: str, args: SessionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Sessions", name, args.site, data_class=DataClass.CONFIDENTIAL, opts=opts)
        naming = args.site.naming
        group_name = naming.physical(SESSIONS, LOG_GROUP_NAME_LIMIT)
        key = aws.kms.Key(
            f"{name}-key",
            description="Sessions on instances, and what was typed in them.",
            enable_key_rotation=True,
            deletion_window_in_days=args.settings.keys.deletion_window_days,
            # IAM decides who may start a session.
            policy=document([account_decides(args.site), log_group_encrypts(args.site, group_name)]),
            opts=self.child(protect=args.site.protected),
        )
        aws.kms.Alias(f"{name}-key-alias", name=alias_of(naming, SESSIONS), target_key_id=key.key_id, opts=self.child())
        group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=group_name,
            retention_in_days=args.settings.audit.log_retention_days,
            kms_key_id=key.arn,
            opts=self.child(protect=args.site.protected),
        )
        aws.ssm.Document(
            f"{name}-preferences",
            name=PREFERENCES,
            document_type="Session",
            document_format="JSON",
            content=_preferences(key, group),
            opts=self.child(),
        )
        self.register_outputs({"log_group": group.name})


def _preferences(key: aws.kms.Key, group: aws.cloudwatch.LogGroup) -> pulumi.Output[str]:
    """In the form of Systems Manager's "Session document schema"; omitted values keep AWS's default."""
    inputs = {
        "kmsKeyId": key.arn,
        "cloudWatchLogGroupName": group.name,
        # Session Manager refuses a log group without a key, and writes during the session.
        "cloudWatchEncryptionEnabled": True,
        "cloudWatchStreamingEnabled": True,
    }
    return json_document(
        {
            "schemaVersion": "1.0",
            "description": "Sessions are encrypted with a key of the account, and kept.",
            "sessionType": "Standard_Stream",
            "inputs": inputs,
        }
    )
