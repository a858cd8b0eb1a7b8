"""Accounts on the database after a takeover: hosts log in to what was promoted, and no step needs the lost region."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_platform import Platform
from fake_regions import FakeClient
from fake_secrets import account, with_accounts

from ops.core import aws, host_commands
from ops.core.host_commands import READ_AGAIN
from ops.core.secret_values import make_current
from ops.dr import promotion
from ops.dr.accounts import TAKE
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.dr.rebuild import rebuild_standby
from ops.errors import OpsError
from ops.secrets import accounts
from ops.secrets.rotate import rotate

STEP = TAKE.name.format(other="prod")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """dr was left out of the last rotation, so that the database knows its accounts no more."""
    with with_accounts(tmp_path, monkeypatch) as found:
        rotate(found.session(), "database")
        found.lose("dr")
        rotate(found.session(), "database")
        found.world.lost.clear()
        assert (account(found, "prod")["username"], account(found, "dr")["username"]) == (
            "application_2",
            "application_1",
        )
        found.world.commands.clear()
        yield found


def asked_of_prod(platform: Platform) -> set[str]:
    return set(platform.world.calls_to(platform.region("prod")))


def lost(platform: Platform) -> None:
    platform.lose("prod")
    platform.world.calls.clear()


def test_a_standby_takes_the_accounts_over_from_their_replicas_and_its_hosts_read_them(platform: Platform) -> None:
    wanted = account(platform, "prod")
    lost(platform)
    planned = failover(platform.session(waive_fence="gone", dry_run=True), "dr").timeline.entries
    assert account(platform, "dr") != wanted
    done = failover(platform.session(waive_fence="gone"), "dr").timeline.entries
    for entries in (planned, done):
        (entry,) = [each for each in entries if each.name == STEP]
        assert entry.detail == "database-application, database-migrations"
    assert account(platform, "dr") == wanted
    assert platform.world.commands == [READ_AGAIN]
    assert asked_of_prod(platform) == {"get_caller_identity"}


def test_a_rotation_that_was_cut_off_between_the_regions_is_taken_over_as_far_as_it_came(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pending version is in both regions, and current in the one that is lost."""

    def cut_off(region: str, secret: str, version: str) -> None:
        if region == platform.region("dr"):
            raise OpsError("cut off")
        make_current(region, secret, version)

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "make_current", cut_off)
        with pytest.raises(OpsError, match="cut off"):
            rotate(platform.session(), "database")
    wanted = account(platform, "prod")
    assert account(platform, "dr") != wanted
    lost(platform)
    failover(platform.session(waive_fence="gone"), "dr")
    assert account(platform, "dr") == wanted


def test_after_a_takeover_they_are_rotated_in_the_region_that_serves_and_the_other_takes_them_over_later(
    platform: Platform,
) -> None:
    lost(platform)
    failover(platform.session(waive_fence="gone"), "dr")
    rotate(platform.session(), "database")
    wanted = account(platform, "dr")
    assert wanted["username"] == "application_1"
    assert asked_of_prod(platform) == {"get_caller_identity"}
    platform.world.lost.clear()
    rebuild_standby(platform.session(), "prod")
    assert account(platform, "prod") != wanted
    failback(platform.session(), "prod")
    assert account(platform, "prod") == wanted


def test_they_are_rotated_while_a_failover_waits_for_hosts_that_cannot_log_in(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visitors are still routed to the lost region, and the failover is not finished."""
    lost(platform)

    def silent(*_: object) -> None:
        raise OpsError("dr does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(promotion, "answers", silent)
        with pytest.raises(OpsError, match="dr does not answer"):
            failover(platform.session(waive_fence="gone"), "dr")
    rotate(platform.session(), "database")
    assert account(platform, "dr")["username"] == "application_1"
    failover(platform.session(waive_fence="gone"), "dr")
    assert platform.routed_to() == {"dr"}
    assert asked_of_prod(platform) == {"get_caller_identity"}


def test_no_rotation_begins_while_a_failover_may_still_promote(platform: Platform) -> None:
    lost(platform)
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(waive_fence="gone"), "dr")
    with pytest.raises(OpsError, match=r"the failover to dr, started .*, is not finished: `ops dr status`"):
        rotate(platform.session(), "database")


def test_a_failover_goes_on_where_secrets_manager_does_not_tell(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost(platform)
    client = aws._client

    def without_secrets(service: str, region: str, *bounds: int) -> Any:
        silent = service == "secretsmanager"
        return FakeClient(platform.world, service, region) if silent else client(service, region, *bounds)

    monkeypatch.setattr(aws, "_client", without_secrets)
    platform.world.unwilling.add("get_secret_value")
    failover(platform.session(waive_fence="gone", force="Secrets Manager is down"), "dr")
    assert platform.routed_to() == {"dr"}
    assert "          not compared: " in capsys.readouterr().out


def test_accounts_that_were_rotated_since_the_promotion_are_not_replaced_by_those_of_the_lost_region(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is promoted, and the rest of the `up` failed: the same failover tries again."""
    lost(platform)
    up = platform.engine.up

    def in_part(stack: str, say: object, targets: Sequence[str] = ()) -> dict[str, int]:
        before = platform.engine.made(stack)
        up(stack, say, targets)
        platform.engine.restore(stack, before)
        raise OpsError("no capacity")

    with monkeypatch.context() as patch:
        patch.setattr(platform.engine, "up", in_part)
        with pytest.raises(OpsError, match="no capacity"):
            failover(platform.session(waive_fence="gone"), "dr")
    rotate(platform.session(), "database")
    wanted = account(platform, "dr")
    failover(platform.session(waive_fence="gone"), "dr")
    assert account(platform, "dr") == wanted


def test_running_hosts_read_copied_accounts_also_after_a_kill(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(platform)

    def kill_process(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(host_commands, "send", kill_process)
        with pytest.raises(KeyboardInterrupt):
            failover(platform.session(waive_fence="gone"), "dr")
    failover(platform.session(waive_fence="gone"), "dr")
    assert platform.world.commands == [READ_AGAIN]


@pytest.mark.parametrize("cut_off", ["write", "make_current"])
def test_a_rotation_that_is_continued_in_another_region_begins_again_there(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    """The promoted database may lack the accounts, and dr a version that prod has: their contents would differ."""
    work = getattr(accounts, cut_off)

    def in_prod_alone(region: str, *given: str) -> None:
        if region == platform.region("dr"):
            raise OpsError("cut off")
        work(region, *given)

    with monkeypatch.context() as patch:
        patch.setattr(accounts, cut_off, in_prod_alone)
        with pytest.raises(OpsError, match="cut off"):
            rotate(platform.session(), "database")
    lost(platform)
    failover(platform.session(waive_fence="gone"), "dr")
    platform.world.commands.clear()
    rotate(platform.session(), "database")
    assert "database_accounts.py make" in platform.world.commands[0]
    wanted = account(platform, "dr")
    platform.world.lost.clear()
    rebuild_standby(platform.session(), "prod")
    failback(platform.session(), "prod")
    assert account(platform, "prod") == wanted
