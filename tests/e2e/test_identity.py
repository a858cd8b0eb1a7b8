"""A change of a list affects only removed or added items, according to AWS itself."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ops.core.aws import rows
from project_files import Project
from tests.e2e.operated import Platform

pytestmark = pytest.mark.e2e
NAMESPACE = "askproai:"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"
ATTRIBUTES = ["QueueArn", "CreatedTimestamp", "Policy", "RedrivePolicy", "RedriveAllowPolicy"]


@contextmanager
def edited(platform: Platform, change: Callable[[dict[str, Any]], object]) -> Iterator[None]:
    """The settings of the stack after `change`; the file is restored afterwards, byte for byte."""
    file = platform.paths.project / f"Pulumi.{platform.stack}.yaml"
    before = file.read_text()
    content = yaml.safe_load(before)
    settings = copy.deepcopy(dict(Project(platform.paths.project).values(platform.stack)))
    change(settings)
    content["config"] = {f"{NAMESPACE}{key}": value for key, value in settings.items()}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    try:
        yield
    finally:
        file.write_text(before)


def up(platform: Platform, *options: str) -> None:
    platform.pulumi("up", "--yes", "--skip-preview", *options)


def subscriptions(platform: Platform) -> dict[str, str]:
    """The ARN of the subscription of each address, as SNS lists them."""
    sns = platform.client("sns")
    (topic,) = rows(sns, "list_topics")
    found = sns.list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]
    return {subscription["Endpoint"]: subscription["SubscriptionArn"] for subscription in found}


def queues(platform: Platform) -> dict[str, dict[str, str]]:
    """The permanent attributes of each queue in SQS."""
    sqs = platform.client("sqs")
    return {
        url.rsplit("/", 1)[1]: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=ATTRIBUTES)["Attributes"]
        for url in rows(sqs, "list_queues")
    }


def urns(platform: Platform, kind: str) -> dict[str, str]:
    """The URNs of a type in the state, by logical name."""
    resources = json.loads(platform.pulumi("stack", "export").stdout)["deployment"]["resources"]
    return {r["urn"].rpartition("::")[2]: r["urn"] for r in resources if r["type"] == kind}


def test_the_order_of_lists_means_nothing(platform: Platform) -> None:
    def reverse(settings: dict[str, Any]) -> None:
        settings["alarm_emails"].reverse()
        settings["network"]["availability_zones"].reverse()
        settings["network"]["interface_endpoints"].reverse()
        settings["workers"]["queues"] = dict(reversed(settings["workers"]["queues"].items()))

    with edited(platform, reverse):
        assert platform.preview() == {}


def test_subscriptions_named_by_their_position_get_their_new_names_and_stay(platform: Platform) -> None:
    before = subscriptions(platform)
    addresses: Any = platform.setting("alarm_emails")
    made = urns(platform, SUBSCRIPTION)
    for position, address in enumerate(addresses):
        platform.pulumi("state", "rename", made[f"alarms-mail-{address}"], f"alarms-mail-{position}", "--yes")
    assert set(urns(platform, SUBSCRIPTION)) == {f"alarms-mail-{position}" for position in range(len(addresses))}

    up(platform, "--expect-no-changes")

    assert urns(platform, SUBSCRIPTION) == made
    assert subscriptions(platform) == before


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The state of SNS and SQS at one time."""

    subscriptions: dict[str, str]
    queues: dict[str, dict[str, str]]

    @classmethod
    def of(cls, platform: Platform) -> "Seen":
        return cls(subscriptions=subscriptions(platform), queues=queues(platform))


@pytest.fixture(scope="module")
def first_taken_out_and_one_put_first(platform: Platform) -> tuple[Seen, Seen, Seen]:
    """Before, during and after the first address is removed from its list, and a new queue is first in its list."""
    before = Seen.of(platform)

    def change(settings: dict[str, Any]) -> None:
        del settings["alarm_emails"][0]
        old = settings["workers"]["queues"]
        settings["workers"]["queues"] = {"archive": old["default"], **old}

    try:
        with edited(platform, change):
            up(platform)
            during = Seen.of(platform)
    finally:
        made = urns(platform, QUEUE)
        for name in made.keys() & {"queues-archive", "queues-archive-dead-letter"}:
            platform.pulumi("state", "unprotect", made[name], "--yes")
        up(platform)
    return before, during, Seen.of(platform)


def test_removing_the_first_address_removes_only_its_subscription(
    platform: Platform, first_taken_out_and_one_put_first: tuple[Seen, Seen, Seen]
) -> None:
    before, during, after = (each.subscriptions for each in first_taken_out_and_one_put_first)
    addresses: Any = platform.setting("alarm_emails")
    others = {address: before[address] for address in addresses[1:]}
    assert during == others
    assert after.keys() == before.keys()
    assert after.items() >= others.items()


def test_a_queue_that_comes_and_goes_leaves_the_others_as_they_were(
    first_taken_out_and_one_put_first: tuple[Seen, Seen, Seen],
) -> None:
    before, during, after = (each.queues for each in first_taken_out_and_one_put_first)
    names = {"askproai-prod-queue-archive", "askproai-prod-queue-archive-dead-letter"}
    assert during.keys() - before.keys() == names
    assert {name: during[name] for name in before} == before
    assert after == before
