"""The address plan and the windows, for any valid values."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import Any

from broken_files import refusals, written
from hypothesis import given
from hypothesis import strategies as st

from settings.network import TIERS, NetworkSettings
from settings.shapes import architecture
from settings.windows import DAYS, WEEK, Window, daily, overlap, weekly

ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"]
PRIVATE = [IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


@st.composite
def vpcs(draw: st.DrawFn) -> IPv4Network:
    prefix = draw(st.integers(16, 24))
    private = draw(st.sampled_from(PRIVATE))
    place = draw(st.integers(0, 2 ** (prefix - private.prefixlen) - 1))
    return IPv4Network((int(private.network_address) + place * 2 ** (32 - prefix), prefix))


def network(**changes: Any) -> NetworkSettings:
    return NetworkSettings.model_validate({**written("prod")["network"], **changes})


def clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def moment(minute: int) -> str:
    return f"{DAYS[minute // (24 * 60) % 7]}:{clock(minute)}"


def minutes_of(window: Window) -> set[int]:
    return {(window.start + minute) % WEEK for minute in range(window.minutes)}


@given(vpc=vpcs(), spare=st.integers(4, 12), zones=st.integers(2, 4))
def test_subnets_lie_in_the_vpc_and_apart(vpc: IPv4Network, spare: int, zones: int) -> None:
    prefix = min(vpc.prefixlen + spare, 28)
    plan = network(vpc_cidr=str(vpc), subnet_prefix_length=prefix, availability_zones=ZONES[:zones])

    subnets = [IPv4Network(cidr) for tier in TIERS for cidr in plan.subnet_cidrs(tier).values()]

    assert len(subnets) == 3 * zones
    assert all(subnet.subnet_of(vpc) and subnet.prefixlen == prefix for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(
    vpc=vpcs(), before=st.permutations(ZONES), after=st.permutations(ZONES), sizes=st.tuples(*[st.integers(2, 4)] * 2)
)
def test_no_list_of_zones_moves_a_subnet(
    vpc: IPv4Network, before: list[str], after: list[str], sizes: tuple[int, int]
) -> None:
    plans = [
        network(vpc_cidr=str(vpc), subnet_prefix_length=28, availability_zones=zones[:size])
        for zones, size in zip((before, after), sizes, strict=True)
    ]
    for tier in TIERS:
        one, other = (plan.subnet_cidrs(tier) for plan in plans)
        assert {letter: other[letter] for letter in one.keys() & other.keys()} == {
            letter: one[letter] for letter in one.keys() & other.keys()
        }


@given(vpc=vpcs(), spare=st.integers(0, 3))
def test_a_vpc_without_room_for_every_slot_is_refused(vpc: IPv4Network, spare: int) -> None:
    plan = network(vpc_cidr=str(vpc), subnet_prefix_length=vpc.prefixlen + spare)

    problems = [problem for problem in plan.broken_rules() if problem.path == ("subnet_prefix_length",)]

    assert problems[0].text.endswith(f"holds {2**spare}; want {vpc.prefixlen + 4} or more")


@given(vpc=vpcs(), host=st.integers(1, 255))
def test_host_bits_are_answered_with_the_network(vpc: IPv4Network, host: int) -> None:
    written = f"{IPv4Address(int(vpc.network_address) + host)}/{vpc.prefixlen}"

    assert refusals(("network.vpc_cidr", written))[0] == (
        f"network.vpc_cidr: '{written}' has host bits set; did you mean {vpc}?"
    )


@given(start=st.integers(0, 24 * 60 - 1), length=st.integers(30, 600), at=st.integers(0, WEEK - 1))
def test_windows_overlap_when_they_share_a_minute(start: int, length: int, at: int) -> None:
    every_day = f"{clock(start)}-{clock(start + length)}"
    once_a_week = f"{moment(at)}-{moment(at + 60)}"

    shared = any(minutes_of(window) & minutes_of(weekly(once_a_week)) for window in daily(every_day))

    assert overlap(every_day, once_a_week) == shared


def test_windows_that_touch_do_not_overlap() -> None:
    assert not overlap("01:00-02:00", "tue:02:00-tue:03:00")
    assert not overlap("03:00-04:00", "tue:02:00-tue:03:00")


def test_a_window_may_run_into_the_next_week() -> None:
    assert overlap("00:00-00:30", "sun:23:30-mon:00:30")


def test_graviton_families_are_recognized_by_the_letter_after_the_generation() -> None:
    arm = ("a1.large", "t4g.small", "m6g.large", "c7gn.large", "m6gd.large", "x2gd.large", "im4gn.large", "g5g.xlarge")
    amd = ("t3.large", "c6i.2xlarge", "m7i-flex.large", "g4dn.xlarge", "g6.xlarge", "g5.xlarge", "inf2.xlarge")

    assert {architecture(instance_type) for instance_type in arm} == {"arm64"}
    assert {architecture(instance_type) for instance_type in amd} == {"amd64"}
