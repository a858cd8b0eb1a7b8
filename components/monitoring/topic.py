"""A topic with email subscribers: encrypted, with one AWS service as its publisher."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.security.iam import allow, deny_without_tls, document
from components.security.publishers import Publisher
from naming import Naming

NAME_LIMIT = 256


def mail_topic(part: Component, name: str, naming: Naming, key: aws.kms.Key, publisher: Publisher) -> aws.sns.Topic:
    """The topic that `publisher` notifies for `part`; the policy of `key` must allow it too."""
    topic = aws.sns.Topic(
        f"{name}-topic",
        name=naming.physical(name, NAME_LIMIT),
        kms_master_key_id=key.arn,
        opts=part.child(),
    )
    aws.sns.TopicPolicy(
        f"{name}-publishers",
        arn=topic.arn,
        policy=_policy(topic.arn, naming.account_id, publisher),
        opts=part.child(),
    )
    return topic


def mail(part: Component, name: str, topic: aws.sns.Topic, emails: Sequence[str]) -> None:
    """A subscription for each address, named after it (docs/decisions/0014-identity-is-what-a-thing-is.md)."""
    for address in emails:
        aws.sns.TopicSubscription(
            f"{name}-mail-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=part.child()
        )


def _policy(topic: pulumi.Output[str], account_id: str, publisher: Publisher) -> pulumi.Output[str]:
    """The account and the service may publish, but not without TLS."""
    return document(
        [
            allow(
                ["sns:Publish", "sns:Subscribe"],
                topic,
                sid="Account",
                principal={"AWS": f"arn:aws:iam::{account_id}:root"},
            ),
            publisher.may("sns:Publish", topic, account_id),
            deny_without_tls("sns:Publish", topic),
        ]
    )
