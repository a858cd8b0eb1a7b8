"""A resource's identity comes from its item, never from a position in a list of the stack file."""

from broken_files import refusals, written
from lists import by_urn, plain, rotated, unordered, with_lists
from regions import altered, composed, other_than_prod
from stack_files import settings_of

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def test_every_list_of_a_region_is_tried() -> None:
    settings = other_than_prod()
    before, after = settings.model_dump(), with_lists(settings, rotated).model_dump()
    lists = [
        (before["alarm_emails"], after["alarm_emails"]),
        (before["data_residency_regions"], after["data_residency_regions"]),
        (before["network"]["availability_zones"], after["network"]["availability_zones"]),
        (before["network"]["interface_endpoints"], after["network"]["interface_endpoints"]),
        (before["database"]["retained_generations"], after["database"]["retained_generations"]),
        (list(before["workers"]["queues"]), list(after["workers"]["queues"])),
    ]
    assert [rotated(own) for own, _ in lists] == [own for _, own in lists]


def test_the_order_of_a_regions_lists_means_nothing() -> None:
    after = composed(with_lists(other_than_prod(), rotated))
    assert by_urn(after, unordered) == by_urn(altered(), unordered)


def test_without_the_first_of_each_list_what_stays_in_a_region_is_what_it_was() -> None:
    before = by_urn(altered(), plain)
    after = by_urn(composed(with_lists(other_than_prod(), lambda items: items[1:])), plain)
    assert len(after) < len(before)
    assert after == {urn: before[urn] for urn in after}


def test_no_queue_can_have_the_name_of_another_ones_dead_letter_queue() -> None:
    queue = written("prod")["workers"]["queues"]["default"]
    assert refusals(("workers.queues", {"mail": queue, "mail-dead-letter": queue})) == [
        "workers.queues.mail-dead-letter: is the dead-letter queue of mail; want another name for one of them"
    ]


def test_a_mail_address_has_its_subscription_under_its_own_name_and_once_had_it_under_its_position() -> None:
    settings = settings_of("prod")
    subscriptions = composed(settings).of(SUBSCRIPTION)
    assert {(made.name, made.aliases, made.inputs["endpoint"]) for made in subscriptions} == {
        (f"alarms-mail-{address}", (f"alarms-mail-{position}",), address)
        for position, address in enumerate(settings.alarm_emails)
    }
