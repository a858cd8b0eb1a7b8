"""The table of expected times: its critical path, its limits, and where each duration comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stack_files import ROOT, settings_of

from ops.objectives import expected as table
from ops.objectives import sources
from ops.objectives.expected import Expected, Posture, Standby, expected
from ops.objectives.sources import Basis, Source

WARMUP = 300
POSTURES: tuple[Posture, ...] = ("pilot-light", "warm")


def of(posture: Posture, warmup_seconds: int = WARMUP, *, backups: bool = True, zones: bool = True) -> Expected:
    return expected(Standby(posture=posture, warmup_seconds=warmup_seconds, keeps_backups=backups, two_zones=zones))


def all_sources() -> list[Source]:
    return [value for value in vars(sources).values() if isinstance(value, Source)]


@pytest.mark.parametrize("posture", POSTURES)
def test_a_prepared_standby_takes_over_within_its_limit(posture: Posture) -> None:
    told = of(posture)
    assert told.within, told.verdict()
    assert "assumed" in told.verdict()
    assert {table.BACK_UP, table.CONVERT} & {step.name for step in told.steps} == set()


def test_from_pilot_light_the_cache_decides() -> None:
    assert table.CREATE_CACHE in of("pilot-light").path
    assert table.PROMOTE not in of("pilot-light").path


def test_from_warm_the_promotion_decides() -> None:
    assert table.PROMOTE in of("warm").path
    assert table.CREATE_CACHE not in [step.name for step in of("warm").steps]


def test_the_path_is_as_long_as_its_steps() -> None:
    for posture in POSTURES:
        told = of(posture)
        assert told.most == pytest.approx(sum(step.most for step in told.steps if step.name in told.path))


@pytest.mark.parametrize("posture", POSTURES)
def test_a_replica_without_backups_is_over_and_the_backup_is_the_step_to_change(posture: Posture) -> None:
    told = of(posture, backups=False)
    assert not told.within
    assert [step.name for step in told.to_change()] == [table.BACK_UP]
    assert "keep automated backups on the replica" in told.verdict()


@pytest.mark.parametrize("posture", POSTURES)
def test_a_replica_in_one_zone_is_over_and_the_conversion_is_the_step_to_change(posture: Posture) -> None:
    told = of(posture, zones=False)
    assert not told.within
    assert [step.name for step in told.to_change()] == [table.CONVERT]


@pytest.mark.parametrize("posture", POSTURES)
def test_every_step_to_change_is_named_and_changing_them_is_enough(posture: Posture) -> None:
    told = of(posture, backups=False, zones=False)
    assert [step.name for step in told.to_change()] == [table.BACK_UP, table.CONVERT]
    assert of(posture).within


def test_nothing_is_to_be_changed_within_the_limit() -> None:
    assert of("warm").to_change() == []


def test_slow_instances_are_the_step_to_change_where_they_decide() -> None:
    told = of("warm", warmup_seconds=1200)
    assert not told.within
    assert [step.name for step in told.to_change()] == [table.BOOT]


@given(st.sampled_from(POSTURES), st.integers(0, 3600), st.integers(0, 3600), st.booleans(), st.booleans())
def test_a_slower_start_never_makes_the_whole_faster(
    posture: Posture, one: int, other: int, backups: bool, zones: bool
) -> None:
    fast, slow = (of(posture, seconds, backups=backups, zones=zones) for seconds in sorted((one, other)))
    assert fast.most <= slow.most
    assert fast.least <= slow.least


@given(st.sampled_from(POSTURES), st.integers(0, 3600), st.booleans(), st.booleans())
def test_least_is_never_above_most(posture: Posture, seconds: int, backups: bool, zones: bool) -> None:
    told = of(posture, seconds, backups=backups, zones=zones)
    assert told.least <= told.most
    assert all(step.least <= step.most for step in told.steps)


def test_every_step_waits_for_steps_that_are_there() -> None:
    for posture in POSTURES:
        seen: set[str] = set()
        for step in of(posture, backups=False, zones=False).steps:
            assert set(step.after) <= seen, step.name
            seen.add(step.name)


def test_every_source_says_something_and_can_be_opened() -> None:
    for source in all_sources():
        assert source.says
        assert source.url.startswith("https://") or (ROOT / source.url).exists(), source.url


def test_what_aws_has_no_figure_for_is_not_called_documented() -> None:
    silent = [source for source in all_sources() if "no figure" in source.says]
    assert {source.basis for source in silent} <= {Basis.ASSUMED, Basis.MEASURED}


def test_the_boot_time_is_what_the_committed_stacks_enforce() -> None:
    assert settings_of("dr").web.warmup_seconds == WARMUP
