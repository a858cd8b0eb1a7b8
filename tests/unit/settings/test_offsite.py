"""Refusals of the copies outside the region, and of the certificate of the origins' authority."""

import pytest
from broken_files import AUTHORITY, GOOD_SECRETS, changed, configured, refusals, written

from settings import ConfigurationError, load


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("offsite.daily_copy_hour", 23),
        ("offsite.daily_copy_hour", 3),
        ("offsite.vault_lock_min_days", 1),
        ("offsite.vault_lock_min_days", 30),
        ("offsite.weekly_copies_kept_days", 30),
        ("recovery.rpo_minutes", 30),
        ("offsite.vault_lock_changeable_days", 3),
        ("offsite.daily_copies_kept_days", 7),
    ],
)
def test_a_value_at_the_bound_is_taken(key: str, value: int) -> None:
    assert refusals((key, value)) == []


def test_a_snapshot_in_both_windows_is_told_of_both() -> None:
    told = "is in or right before database.{}, when RDS takes no snapshot; want another hour"
    assert refusals(("offsite.daily_copy_hour", 1)) == [
        f"offsite.daily_copy_hour: 1 {told.format('maintenance_window tue:02:00-tue:03:00')}",
        f"offsite.daily_copy_hour: 1 {told.format('backup_window 01:00-01:30')}",
    ]


def test_the_other_stack_of_the_pair_must_be_where_the_copies_are() -> None:
    values = changed(written("dr"), ("data_residency_regions", ["eu-central-1", "eu-west-1", "eu-north-1"]))
    with (
        configured(changed(values, ("offsite.region", "eu-north-1")), stack="dr"),
        pytest.raises(ConfigurationError) as refusal,
    ):
        load()
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
