"""The status of releases: both regions, deployments in progress, and a standby that would start another release."""

import json
from pathlib import Path

import pytest
from fake_platform import Platform, platform_in
from fake_releases import end_window, publish

from ops.core.ledger import Ledger
from ops.core.objects import Folder
from ops.deploy import status
from ops.deploy.promote import promote
from ops.deploy.start import start
from ops.dr.status import deviations

NEW = "2030.01.02-1"


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = platform_in(tmp_path, monkeypatch)
    publish(found, NEW, "prod", "dr")
    monkeypatch.setattr(status, "Engine", lambda: found.engine)
    monkeypatch.setattr(status, "Ledger", lambda: Ledger(Folder(found.state)))
    return found


def test_each_region_shows_its_colors_and_what_its_bucket_has(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    found = status.status()
    prod, dr = found.regions
    assert (prod["live"], dr["live"], prod["in_bucket"], dr["in_bucket"]) == ("live", "", NEW, NEW)
    assert (prod["blue"], prod["green"]) == (
        "no release: 100 %, 6 of 3 healthy, 3 to 6",
        "no release: 0 %, 6 of 0 healthy, 0 to 6",
    )
    assert platform.world.changes() == []
    status.show(found)
    assert "no deployment is in progress" in capsys.readouterr().out
    assert json.loads(json.dumps(found.to_json()))["lines"] == []


def test_a_group_of_several_types_has_its_release_in_its_template_too(platform: Platform) -> None:
    platform.world.fleets["prod-blue"] |= {"several_types": True, "release": NEW}
    (prod, _) = status.status().regions
    assert prod["blue"] == f"{NEW}: 100 %, 6 of 3 healthy, 3 to 6"


def test_a_region_that_does_not_answer_is_unknown(platform: Platform) -> None:
    platform.lose("dr")
    prod, dr = status.status().regions
    assert (dr["blue"], dr["workers"], dr["in_bucket"]) == ("unknown",) * 3
    assert prod["in_bucket"] == NEW


def test_what_is_under_way_is_told_from_start_to_promotion(platform: Platform) -> None:
    start(platform.session(), NEW)
    serves, *differ = status.status().lines
    assert f"{NEW} serves; until" in serves
    assert differ == [
        f"dr starts no release on {role}, prod serves {NEW}: `ops deploy promote`" for role in ("web", "workers")
    ]
    assert set(differ) <= set(deviations(platform.session().pair, platform.session().engine))
    end_window(platform)
    assert status.status().lines[0].endswith("`ops deploy promote`")
    promote(platform.session())
    assert status.status().lines == []


def test_a_deployment_that_stopped_on_its_way_says_how_it_goes_on(platform: Platform) -> None:
    platform.world.unhealthy.add("prod-green")
    with pytest.raises(Exception, match="healthy targets"):
        start(platform.session(), NEW)
    assert f"`ops deploy start {NEW}` continues it" in status.status().lines[0]
