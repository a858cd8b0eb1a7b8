"""At the edge too, a resource's identity does not depend on its position in the stack file."""

from edges import composed, edge, edge_settings
from lists import by_urn, plain, rotated, with_lists


def test_the_order_of_the_edges_lists_makes_no_resource_another_one() -> None:
    after = composed(with_lists(edge_settings(), rotated))
    assert by_urn(after, plain) == by_urn(edge(), plain)


def test_without_the_first_of_each_list_what_stays_at_the_edge_is_what_it_was() -> None:
    # Neither region of a pair can be removed, and all mail senders share one record.
    after = composed(with_lists(edge_settings(), lambda items: items[1:], but=("regions", "senders")))
    assert by_urn(after, plain) == by_urn(edge(), plain)
