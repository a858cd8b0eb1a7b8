"""The names at the edge: closed before a promotion whose fence is waived, and open once traffic is routed."""

from pathlib import Path

import pytest
from fake_platform import Platform, platform_in

from ops.core.session import UNDER_WAY
from ops.dr import abort, activate, closing, flip
from ops.dr.failover import failover
from ops.errors import OpsError


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    made = platform_in(tmp_path, monkeypatch)
    made.lose()
    return made


def test_the_names_are_closed_from_the_waiver_to_the_flip(platform: Platform) -> None:
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    assert platform.firewall.refs == [closing.REF, "own"]
    assert closing.is_closed(platform.session().ledger)
    flip.flip_to(platform.session(), "dr")
    assert platform.firewall.refs == ["own"]
    assert not closing.is_closed(platform.session().ledger)


def test_a_fence_that_is_made_closes_nothing(platform: Platform) -> None:
    platform.world.lost.clear()
    failover(platform.session(), "dr")
    assert platform.firewall.puts == 0


def test_a_dry_run_says_so_and_closes_nothing(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    failover(platform.session(waive_fence="gone", dry_run=True), "dr")
    told = capsys.readouterr().out
    assert closing.CLOSE.name in told
    assert closing.OPEN.name in told
    assert (platform.firewall.puts, closing.is_closed(platform.session().ledger)) == (0, False)


def test_without_cloudflare_the_promotion_goes_on_and_says_what_is_lost(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.firewall.down = True
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    assert platform.engine.ups == ["dr", "dr"]
    assert "anything that visitors write in prod until the flip is lost" in capsys.readouterr().out


def test_names_that_do_not_open_are_opened_by_the_same_command(platform: Platform) -> None:
    activate.activate_region(platform.session(waive_fence="gone"), "dr")
    platform.firewall.down = True
    with pytest.raises(OpsError, match="run the same command again to open them"):
        flip.flip_to(platform.session(), "dr")
    platform.firewall.down = False
    flip.flip_to(platform.session(), "dr")
    assert platform.firewall.refs == ["own"]


def test_giving_up_opens_them(platform: Platform) -> None:
    session = platform.session(waive_fence="gone")
    session.ledger.put(closing.CLOSED, {"to": "dr", "at": "2026-01-01T00:00:00+00:00"})
    platform.firewall.rules.insert(0, {"ref": closing.REF, "action": "block"})
    platform.world.lost.clear()
    abort.abort(platform.session())
    assert platform.firewall.refs == ["own"]
    assert platform.session().ledger.get(UNDER_WAY) is None
