"""Physical names: within each service's limit, in its form, and unique."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naming import HASH_LENGTH, DataClass, Naming

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHABET = f"{LETTERS}0123456789"


# Drawing from a regular expression takes hypothesis three times as long.
def words(longest: int) -> st.SearchStrategy[str]:
    """Words that begin with a letter."""
    return st.builds(str.__add__, st.sampled_from(LETTERS), st.text(ALPHABET, max_size=longest - 1))


ENVIRONMENTS = words(12)
MORE_WORDS = st.lists(st.text(ALPHABET, min_size=1, max_size=20), max_size=4)
ROLES = st.tuples(words(20), MORE_WORDS).map(lambda drawn: "-".join([drawn[0], *drawn[1]]))
LIMITS = st.integers(HASH_LENGTH + 2, 255)
"""From the minimum of `physical` to the maximum of RDS and EC2."""

LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def naming(environment: str = "prod") -> Naming:
    return Naming(environment=environment, account_id="123456789012", cost_center="platform")


@given(environment=ENVIRONMENTS, role=ROLES, limit=LIMITS)
def test_a_name_keeps_the_limit_and_is_a_label(environment: str, role: str, limit: int) -> None:
    name = naming(environment).physical(role, limit)

    assert len(name) <= limit
    assert LABEL.fullmatch(name)


@given(environment=ENVIRONMENTS, role=ROLES)
def test_a_bucket_name_is_one_of_s3(environment: str, role: str) -> None:
    assert BUCKET.fullmatch(naming(environment).bucket(role))


@given(one=st.tuples(ENVIRONMENTS, ROLES), other=st.tuples(ENVIRONMENTS, ROLES), limit=LIMITS)
def test_distinct_names_stay_distinct(one: tuple[str, str], other: tuple[str, str], limit: int) -> None:
    assume(one != other)

    assert naming(one[0]).physical(one[1], limit) != naming(other[0]).physical(other[1], limit)


@given(environment=ENVIRONMENTS, start=ROLES, limit=st.integers(HASH_LENGTH + 2, 63))
def test_names_that_differ_behind_the_cut_stay_distinct(environment: str, start: str, limit: int) -> None:
    long = start.ljust(limit, "x")
    names = {naming(environment).physical(f"{long}-{end}", limit) for end in ("blue", "green", "bluer")}

    assert len(names) == 3


@pytest.mark.parametrize("limit", [0, 1, HASH_LENGTH + 1])
def test_a_limit_without_room_for_the_hash_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit {limit}: must exceed 7"):
        naming().physical("web", limit)


def test_a_short_name_is_not_cut() -> None:
    assert naming().physical("web-blue", 32) == "askproai-prod-web-blue"


def test_two_accounts_share_no_bucket() -> None:
    other = Naming(environment="prod", account_id="210987654321", cost_center="platform")

    assert naming().bucket("uploads") == "askproai-prod-uploads-123456789012"
    assert other.bucket("uploads") == "askproai-prod-uploads-210987654321"


def test_the_tags_say_what_an_auditor_asks() -> None:
    assert naming().tags("database", DataClass.PERSONAL) == {
        "Project": "askproai",
        "Environment": "prod",
        "Component": "database",
        "CostCenter": "platform",
        "DataClass": "personal",
        "ManagedBy": "pulumi",
    }
