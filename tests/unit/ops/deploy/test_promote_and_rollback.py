"""A release that is promoted, and one that is rolled back."""

import hashlib

import pytest
from fake_platform import Platform
from fake_releases import NEW, OLD, declared, end_window, publish, refused, taken

from ops.deploy import archive, deployment
from ops.deploy.promote import promote
from ops.deploy.rollback import rollback
from ops.deploy.start import start
from ops.errors import Exit, OpsError


def test_a_rollback_returns_traffic_first_then_workers(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    start(platform.session(), NEW)
    platform.engine.ups.clear()
    done = taken(rollback(platform.session()), "done")
    assert done[:2] == ["route all traffic back", "move the workers back"]
    assert (declared(platform)["web.blue.weight"], declared(platform)["workers.release"]) == (100, OLD)
    assert platform.world.fleets["prod-green"]["max_size"] == 0
    assert platform.engine.ups == ["prod"] * 3
    assert "was taken before them" in capsys.readouterr().out
    with pytest.raises(OpsError, match="no deployment of prod can be rolled back"):
        rollback(platform.session())


def test_a_rollback_to_hosts_that_are_not_there_is_refused(platform: Platform) -> None:
    start(platform.session(), NEW)
    platform.world.unhealthy.add("prod-blue")
    with pytest.raises(OpsError, match="blue has 0 healthy hosts, 2 are required") as no:
        rollback(platform.session())
    assert no.value.exit_code is Exit.REFUSED
    rollback(platform.session(emergency="green is worse"))
    assert declared(platform)["web.blue.weight"] == 100


def test_a_promotion_waits_for_the_window_and_for_the_standbys_bucket(platform: Platform) -> None:
    start(platform.session(), NEW)
    with pytest.raises(OpsError, match="rollback window of"):
        promote(platform.session())
    end_window(platform)
    publish(platform, NEW, "dr", checksum="0" * 64)
    with pytest.raises(OpsError, match="its checksum file says"):
        promote(platform.session())
    platform.world.objects.pop((platform.region("dr"), archive.key(NEW)))
    with pytest.raises(OpsError, match=f"release {NEW} is not in"):
        promote(platform.session())
    publish(platform, NEW, "dr")
    promote(platform.session())
    assert (declared(platform, "dr")["web.blue.release"], declared(platform, "dr")["workers.release"]) == (NEW, NEW)
    assert platform.world.fleets["prod-blue"]["max_size"] == 0
    assert platform.history() == ["deploy"]


def test_the_next_deployment_promotes_the_one_before_once_its_window_is_over(platform: Platform) -> None:
    publish(platform, "3", "prod", "dr")
    start(platform.session(), NEW)
    assert "the rollback window of" in refused(platform, "3")
    end_window(platform)
    start(platform.session(), "3")
    assert (declared(platform)["web.blue.release"], declared(platform)["web.blue.weight"]) == ("3", 100)
    assert declared(platform, "dr")["web.blue.release"] == NEW


def test_a_release_of_another_content_in_the_standbys_bucket_is_refused(platform: Platform) -> None:
    start(platform.session(), NEW)
    end_window(platform)
    other = b"another archive"
    region = platform.region("dr")
    platform.world.objects[region, archive.key(NEW)] = other
    platform.world.objects[region, f"{archive.key(NEW)}.sha256"] = hashlib.sha256(other).hexdigest().encode()
    with pytest.raises(OpsError, match="the checksums differ"):
        promote(platform.session())


def test_a_way_back_that_is_closed_too_is_said(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    up = platform.engine.up

    def breaks(stack: str, say: object, targets: object = ()) -> dict[str, int]:
        done = up(stack, say, targets)
        if platform.file("prod").get("web.green.weight") == 10:
            platform.world.unhealthy.update({"prod-green", "prod-blue"})
        return done

    monkeypatch.setattr(platform.engine, "up", breaks)
    with pytest.raises(OpsError, match="rolling back failed too: blue has 0 healthy hosts") as failed:
        start(platform.session(), NEW)
    assert failed.value.exit_code is Exit.FAILED
    assert platform.session().ledger.get(deployment.key("prod")) is not None
