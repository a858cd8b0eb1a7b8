"""What is refused of the copies outside the region, and of the certificate of the origins' authority."""

from typing import Any

import pytest
from broken_files import AUTHORITY, GOOD_SECRETS, Refusal, changed, committed, configured, refusals

from settings import ConfigurationError, load

REFUSED: list[Refusal] = [
    (
        "offsite.home",
        "other",
        "offsite.home: 'other' is no stack of the pair; want prod or dr",
    ),
    (
        "offsite.region",
        "eu-central-1",
        "offsite.region: 'eu-central-1' is the region of prod itself, whose loss the copies are for; "
        "want another of data_residency_regions",
    ),
    (
        "offsite.region",
        "us-east-1",
        "offsite.region: 'us-east-1' is not in data_residency_regions; want eu-central-1 or eu-west-1",
    ),
    (
        "offsite.region",
        "eu-wst-1",
        "offsite.region: 'eu-wst-1' is not an AWS region; did you mean eu-west-1?",
    ),
    (
        "offsite.copy_every_hours",
        4,
        "offsite.copy_every_hours: 4 loses up to 240 minutes, above recovery.rpo_minutes 60; want 1 or less",
    ),
    (
        "offsite.copy_every_hours",
        5,
        "offsite.copy_every_hours: 5 is not allowed; want one of 1, 2, 3, 4, 6, 8, 12, 24",
    ),
    (
        "offsite.hourly_copies_kept_days",
        0,
        "offsite.hourly_copies_kept_days: 0 is out of range; want a whole number from 1 to 36500",
    ),
    (
        "offsite.vault_lock_min_days",
        8,
        "offsite.vault_lock_min_days: 8 is above hourly_copies_kept_days 7, and the vault would refuse every copy; "
        "want 7 or less",
    ),
    (
        "offsite.daily_copies_kept_days",
        6,
        "offsite.daily_copies_kept_days: 6 is below hourly_copies_kept_days 7; want 7 or more",
    ),
    (
        "offsite.vault_lock_changeable_days",
        2,
        "offsite.vault_lock_changeable_days: 2 is out of range; want a whole number from 3 to 36500",
    ),
    (
        "offsite.daily_copy_hour",
        24,
        "offsite.daily_copy_hour: 24 is out of range; want a whole number from 0 to 23",
    ),
    *(
        (
            "offsite.daily_copy_hour",
            hour,
            f"offsite.daily_copy_hour: {hour} is in or right before database.maintenance_window tue:02:00-tue:03:00, "
            "when RDS takes no snapshot; want another hour",
        )
        for hour in (1, 2)
    ),
]


@pytest.mark.parametrize(("key", "value", "message"), REFUSED)
def test_a_bad_value_is_refused_with_what_to_write_instead(key: str, value: Any, message: str) -> None:
    assert refusals((key, value)) == [message]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("offsite.daily_copy_hour", 0),
        ("offsite.daily_copy_hour", 3),
        ("offsite.vault_lock_min_days", 1),
        ("offsite.vault_lock_changeable_days", 3),
        ("offsite.daily_copies_kept_days", 7),
    ],
)
def test_a_value_at_the_bound_is_taken(key: str, value: int) -> None:
    assert refusals((key, value)) == []


def test_copies_every_few_hours_are_taken_where_so_much_may_be_lost() -> None:
    assert refusals(("offsite.copy_every_hours", 4), ("recovery.rpo_minutes", 240)) == []


def test_a_promise_below_an_hour_cannot_be_kept_by_copies() -> None:
    assert refusals(("recovery.rpo_minutes", 59)) == [
        "offsite.copy_every_hours: 1 loses up to 60 minutes, above recovery.rpo_minutes 59; "
        "want recovery.rpo_minutes 60 or more, as no copy is made more often"
    ]


def test_the_other_stack_of_the_pair_must_be_where_the_copies_are() -> None:
    values = changed(committed("dr"), ("data_residency_regions", ["eu-central-1", "eu-west-1", "eu-north-1"]))
    with configured(changed(values, ("offsite.region", "eu-north-1"))), pytest.raises(ConfigurationError) as refusal:
        load("Pulumi.dr.yaml")
    assert str(refusal.value) == (
        "Pulumi.dr.yaml: askproai:offsite.region: 'eu-north-1' is not the region of dr, which works with the copies "
        "when it takes over from prod; want eu-west-1"
    )


KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
LEAF = """-----BEGIN CERTIFICATE-----
MIIBHjCBxaADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBGxlYWYwIBcN
MjYwMTAxMDAwMDAwWhgPMjEyNTEyMDgwMDAwMDBaMA8xDTALBgNVBAMMBGxlYWYw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARnpyO7A5KXRM8yrnZOwHkbDg3PN1EF
/THUsjWfCObFa/bxs7HA0ri7n5AalITSrmevBgmHdE2nzSCBiTvd5CVOoxAwDjAM
BgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQDhWh5jGHTL8F+RECwypcj1
xKNG6cd+uTOiMABr4KTglAIgfM2tkg6Q2M5IZgjlEfF0kGmfpfhYRKrQjiT8faOV
uLw=
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize("value", ["abc", AUTHORITY + KEY, AUTHORITY.replace("MIIB", "MIIC"), LEAF, AUTHORITY + LEAF])
def test_only_certificates_of_authorities_are_taken_for_one(value: str) -> None:
    (line,) = refusals(secrets={**GOOD_SECRETS, "origin_pull_ca": value})
    assert line.startswith("origin_pull_ca: has the wrong form (not shown); want certificates of authorities in PEM")
    assert value.strip() not in line


def test_two_authorities_are_taken_while_one_replaces_the_other() -> None:
    assert refusals(secrets={**GOOD_SECRETS, "origin_pull_ca": AUTHORITY * 2}) == []
