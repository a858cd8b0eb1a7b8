"""SNS on the emulated AWS."""

from tests.emulator.emulated import Clients


def test_a_second_subscription_of_an_address_is_the_first(aws: Clients, name: str) -> None:
    """The API reference does not say so; LocalStack's `test_subscribe_idempotency`, validated against AWS, does."""
    sns = aws("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]

    def subscribe(address: str) -> str:
        return sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, ReturnSubscriptionArn=True)[
            "SubscriptionArn"
        ]

    first = subscribe("first@example.com")
    assert subscribe("first@example.com") == first
    assert subscribe("second@example.com") != first
    sns.unsubscribe(SubscriptionArn=first)
    left = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [subscription["Endpoint"] for subscription in left] == ["second@example.com"]
