"""The final targets of the zone's records."""

import pytest

from ops.dr.routing import leads

RECORDS = {"a.de": "balancer", "www.a.de": "a.de", "b": "c", "c": "b", "old.a.de": "elsewhere"}


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("a.de", "balancer"),
        ("www.a.de", "balancer"),
        ("old.a.de", "elsewhere"),
        ("b", "nowhere"),
        ("none.a.de", "nowhere"),
    ],
)
def test_a_name_leads_where_the_last_of_its_records_does(name: str, where: str) -> None:
    assert leads(name, RECORDS) == where
