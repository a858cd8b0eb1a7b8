"""The topology number: every change of the writer raises it, and an older checkout is refused."""

from collections.abc import Callable

import pytest
from fake_platform import Platform

from ops.core import objects
from ops.core.session import Session
from ops.dr import drop, flip, rebuild, status
from ops.dr.activate import activate_region
from ops.dr.failback import failback
from ops.dr.failover import failover
from ops.errors import Exit, OpsError

COMMANDS: dict[str, Callable[[Session], object]] = {
    "activate": lambda session: activate_region(session, "dr"),
    "failover": lambda session: failover(session, "dr"),
    "failback": lambda session: failback(session, "prod"),
    "flip": lambda session: flip.flip_to(session, "prod"),
    "rebuild": lambda session: rebuild.rebuild_standby(session, "prod"),
    "drop": lambda session: drop.drop_database(session, "prod", 1),
}


def numbers(platform: Platform) -> dict[str, int]:
    """The number in each file, which its stack has recorded too."""
    files = {stack: platform.file(stack).get("topology", 1) for stack in ("prod", "dr", "edge")}
    assert files == {stack: platform.engine.made(stack)["topology"] for stack in files}
    return files


def test_every_change_of_who_writes_raises_the_number(platform: Platform) -> None:
    assert numbers(platform) == {"prod": 1, "dr": 1, "edge": 1}
    failover(platform.session(), "dr")
    assert numbers(platform) == {"prod": 2, "dr": 2, "edge": 2}
    failback(platform.session(rebuild=True), "prod")
    # prod follows and is promoted, dr is fenced and follows.
    assert numbers(platform) == {"prod": 4, "dr": 4, "edge": 3}
    drop.drop_database(platform.session(), "prod", 1)
    assert numbers(platform) == {"prod": 5, "dr": 4, "edge": 3}


def test_a_command_that_failed_and_is_run_again_raises_it_once(platform: Platform) -> None:
    platform.world.unwilling.add("delete_network_acl_entry")
    with pytest.raises(OpsError, match="InternalError"):
        activate_region(platform.session(), "dr")
    platform.world.unwilling.clear()
    activate_region(platform.session(), "dr")
    assert numbers(platform) == {"prod": 2, "dr": 2, "edge": 1}


@pytest.mark.parametrize(
    ("command", "stale"), [*((command, "dr") for command in COMMANDS), ("failback", "prod"), ("flip", "edge")]
)
def test_an_older_checkout_commands_nothing(platform: Platform, command: str, stale: str) -> None:
    older = platform.file(stale).path.read_text()
    failover(platform.session(), "dr")
    platform.file(stale).path.write_text(older)
    platform.engine.ups.clear()
    platform.world.calls.clear()
    with pytest.raises(OpsError, match=rf"Pulumi\.{stale}\.yaml: topology: 1 is older than 2") as refused:
        COMMANDS[command](platform.session())
    assert refused.value.exit_code is Exit.REFUSED
    assert (platform.engine.ups, platform.world.changes()) == ([], [])
    assert platform.file(stale).path.read_text() == older


def test_a_backend_whose_state_stands_still_is_refused_and_shown(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The region of the state is back, and a shell still uses it."""
    for stack in ("prod", "dr", "edge"):
        file = platform.file(stack).path
        file.write_text(f"secretsprovider: awskms://alias/state?region=eu-central-1&awssdk=v2\n{file.read_text()}")
    files = platform.session().pair.files
    assert objects.older_backend(files) == ""
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://copy?region=eu-central-1&awssdk=v2")
    assert objects.older_backend(files) == ""
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://home?region=eu-west-1&awssdk=v2")
    assert "the stack files say that the state is in eu-central-1" in objects.older_backend(files)
    session = platform.session()
    with pytest.raises(OpsError, match="ops recover --backend-home") as refused:
        session.read()
    assert refused.value.exit_code is Exit.REFUSED
    found = status.deviations(session.pair, session.engine)
    assert found[0].startswith("the state backend is in eu-west-1")
