"""Rotations: in both regions, in an order without refused logins, continued after a kill, and never on the screen."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_platform import Platform
from fake_regions import refusal
from fake_secrets import account, manager, with_accounts

from hosts.roles import ROLES
from ops.core import secret_values
from ops.core.aws import LOG_IN_AGAIN
from ops.core.pair import Stack
from ops.core.steps import Timeline
from ops.dr.abort import abort
from ops.dr.failover import failover
from ops.errors import Exit, OpsError
from ops.secrets import accounts, configured, hosts, status, value
from ops.secrets import rotate as command
from ops.secrets.rotate import rotate
from ops.secrets.rotation import USED_BY, key
from settings.secrets import CHECKS, OPTIONAL

TOKEN = "a-new-token-of-the-cache"


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    with with_accounts(tmp_path, monkeypatch) as found:
        yield found


class Pulumi:
    """What `pulumi config` would do: `files` has the value of each stack's secret, in the order of writing."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: dict[str, str] = {}
        self.asked = 0
        self.platform = platform
        monkeypatch.setattr(platform.engine, "set_secret", self.set)
        monkeypatch.setattr(platform.engine, "secret", self.get)

    def set(self, stack: str, name: str, given: str) -> None:
        self.files[stack] = given
        self.platform.file(stack).set({name: {"secure": f"ciphertext {len(self.files)} of {stack}"}})

    def get(self, stack: str, name: str) -> str:
        return self.files[stack]

    def give(self, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
        def read(_: object) -> str:
            self.asked += 1
            return given

        monkeypatch.setattr(value.Value, "_given", read)


def order(platform: Platform, timeline: Timeline) -> list[str]:
    return [entry.name for entry in timeline.entries if entry.outcome == "done"]


def killed_at(place: Any, name: str, monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> None:
    """The command ends where it calls `name`."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, name, stop)
        with pytest.raises(KeyboardInterrupt):
            run()


def test_accounts_are_made_beside_those_in_use_and_locked_after_the_hosts_have_the_new_ones(platform: Platform) -> None:
    rotate(platform.session(), "database")
    first = account(platform, "prod")
    assert first["username"] == "application_1"
    platform.world.commands.clear()
    timeline = rotate(platform.session(), "database")
    second = account(platform, "prod")
    assert (second["username"], second == account(platform, "dr")) == ("application_2", True)
    assert second["password"] != first["password"]
    make, *read, lock = platform.world.commands
    assert " make " in make
    assert set(read) == {hosts.READ_AGAIN}
    assert lock.endswith(" application_1 migrations_1")
    assert platform.session().ledger.get(key("database")) is None
    kept = json.dumps([*platform.world.commands, *timeline.to_json(), platform.records()], default=str)
    assert not [each for each in (first, second) if each["password"] in kept]


def test_a_rotation_that_was_killed_goes_on_with_the_same_accounts(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(platform.session(), "database")
    former = account(platform, "prod")
    for module, name in ((hosts, "lend"), (command, "read_again")):
        killed_at(module, name, monkeypatch, lambda: rotate(platform.session(), "database"))
    assert account(platform, "prod") == account(platform, "dr")
    became = account(platform, "prod")
    platform.world.commands.clear()
    rotate(platform.session(), "database")
    assert account(platform, "prod") == became != former
    assert not [line for line in platform.world.commands if " make " in line]


def test_a_host_has_the_time_of_its_longest_job_to_read_a_secret(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker restarts once its job has finished; Systems Manager ends a command at its time limit."""
    job_seconds, given = 7200, list[int]()
    for file in (platform.file("prod"), platform.file("dr")):
        hidden = {
            f"workers.queues.{name}.visibility_timeout_seconds": job_seconds for name in file.get("workers.queues")
        }
        file.set({"workers.timeout_seconds": job_seconds, **hidden})
    sent = hosts.send

    def send(stack: Any, instances: Any, line: str, comment: str, seconds: int) -> Any:
        if line == hosts.READ_AGAIN:
            given.append(seconds)
        return sent(stack, instances, line, comment, seconds)

    monkeypatch.setattr(hosts, "send", send)
    rotate(platform.session(), "database")
    assert min(given) > job_seconds


def test_the_status_names_a_killed_rotation_and_the_command_to_continue_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(status, "Ledger", lambda: platform.session().ledger)
    killed_at(command, "read_again", monkeypatch, lambda: rotate(platform.session(), "database"))
    told = [line for line in status.status().lines if "is not finished" in line]
    assert [line.rpartition(": ")[2] for line in told] == ["`ops secrets rotate database` continues"]
    rotate(platform.session(), "database")
    assert not [line for line in status.status().lines if "is not finished" in line]


def test_a_rotation_cut_off_between_the_regions_is_shown_as_unfinished_and_not_as_a_region_left_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(status, "Ledger", lambda: platform.session().ledger)
    rotate(platform.session(), "database")
    with monkeypatch.context() as patched:
        make_current = accounts.make_current

        def cut_off(region: str, *version: str) -> None:
            if region == platform.region("dr"):
                raise KeyboardInterrupt
            make_current(region, *version)

        patched.setattr(accounts, "make_current", cut_off)
        with pytest.raises(KeyboardInterrupt):
            rotate(platform.session(), "database")
    assert account(platform, "prod") != account(platform, "dr")
    (line,) = status.status().lines
    assert "is not finished" in line


def test_only_a_worker_may_read_what_it_makes_and_no_password_is_in_a_command(platform: Platform) -> None:
    rotate(platform.session(), "database")
    assert len(platform.world.lent) == 0
    region = platform.region("prod")
    policies = [
        json.loads(manager(region).get_resource_policy(SecretId=f"prod-{name}")["ResourcePolicy"])
        for name in ("database", "database-application", "database-migrations")
    ]
    assert {p["Statement"][0]["Principal"]["AWS"].rpartition("/")[2] for p in policies} == {
        "askproai-prod-workers-instances"
    }


def test_a_lost_region_is_left_out_and_never_asked_and_the_same_command_gives_it_the_accounts_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(platform.session(), "database")
    platform.lose("dr")
    platform.world.calls.clear()
    rotate(platform.session(), "database")
    assert account(platform, "prod")["username"] == "application_2"
    assert set(platform.world.calls_to(platform.region("dr"))) == {"get_caller_identity"}
    platform.world.lost.clear()
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(status, "Ledger", lambda: platform.session().ledger)
    (left,) = status.status().lines
    assert left.startswith("dr does not have the accounts of prod (database-application, database-migrations): ")
    rotate(platform.session(), "database")
    assert account(platform, "dr") == account(platform, "prod")
    assert status.status().lines == []


def test_the_cache_takes_both_tokens_before_the_secret_changes_and_one_after_the_hosts_have_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = Pulumi(platform, monkeypatch)
    pulumi.give(monkeypatch, TOKEN)
    timeline = rotate(platform.session(), "cache_auth_token")
    assert order(platform, timeline)[2:] == [
        "set the new value in the stack files",
        "have the cache accept both tokens",
        "bring prod up",
        "bring dr up",
        "have hosts read the secret",
        "have the cache accept only the new token",
        "record the end",
    ]
    assert pulumi.files == {"prod": TOKEN, "dr": TOKEN}
    assert pulumi.asked == 1
    assert TOKEN not in json.dumps([*timeline.to_json(), platform.records()], default=str)


def test_a_lost_region_needs_no_second_rotation_of_a_secret_that_its_stack_file_has(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one would end every session once more."""
    pulumi = Pulumi(platform, monkeypatch)
    pulumi.give(monkeypatch, TOKEN)
    platform.lose("dr")
    timeline = rotate(platform.session(), "cache_auth_token")
    assert pulumi.files == {"prod": TOKEN, "dr": TOKEN}
    (left,) = [entry.detail for entry in timeline.entries if entry.name == "bring dr up"]
    assert left == f"{platform.region('dr')} does not answer: `pulumi up --stack dr` once it does"


def test_the_former_token_is_ended_once_however_often_the_command_is_killed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = Pulumi(platform, monkeypatch)
    pulumi.give(monkeypatch, TOKEN)

    def run() -> object:
        return rotate(platform.session(), "cache_auth_token")

    killed_at(configured.Place, "end", monkeypatch, run)
    with monkeypatch.context() as patched:
        ends = configured.Place.end

        def end(place: configured.Place, step: str) -> None:
            if step == "end":
                raise KeyboardInterrupt
            ends(place, step)

        patched.setattr(configured.Place, "end", end)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert [name for name in platform.world.changes() if "replication_group" in name] == ["modify_replication_group"]
    run()
    assert [name for name in platform.world.changes() if "replication_group" in name] == ["modify_replication_group"]
    assert pulumi.asked == 1


def test_a_value_of_the_wrong_form_is_refused_unseen_before_anything_is_recorded(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = Pulumi(platform, monkeypatch)
    pulumi.give(monkeypatch, "too-short")
    with pytest.raises(OpsError, match="not shown") as refused:
        rotate(platform.session(), "cache_auth_token")
    assert refused.value.exit_code is Exit.REFUSED
    assert "too-short" not in refused.value.message
    assert (pulumi.files, platform.session().ledger.get(key("cache_auth_token"))) == ({}, None)


def test_a_dry_run_asks_and_changes_nothing(platform: Platform) -> None:
    rotate(platform.session(dry_run=True), "database")
    rotate(platform.session(dry_run=True), "app_key", generate=True)
    assert (platform.world.changes(), platform.engine.ups, platform.world.commands) == ([], [], [])


def test_every_secret_that_both_regions_share_can_be_rotated_and_no_other_name_is_taken(platform: Platform) -> None:
    of_files = {*CHECKS, *OPTIONAL} - {"origin_pull_ca", "heartbeat_url"}
    assert set(USED_BY) == {"database", *of_files}
    assert {role for roles in USED_BY.values() for role in roles} == set(ROLES)
    for name, generate in (("origin_pull_ca", False), ("database", True), ("sentry_dsn", True)):
        with pytest.raises(OpsError) as error:
            rotate(platform.session(), name, generate=generate)
        assert error.value.exit_code is Exit.USAGE


@pytest.mark.parametrize(
    ("name", "command"),
    [("cache", "cache_auth_token"), ("database", "database_password"), ("database-dbadmin", "database")],
)
def test_a_secret_that_is_due_names_the_command_that_rotates_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    old = secret_values.SecretValue(name=name, written=datetime.now(UTC) - timedelta(days=91), kept_days=90, version="")
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(status, "Ledger", lambda: platform.session().ledger)

    def values(_stack: object) -> list[secret_values.SecretValue]:
        return [old]

    monkeypatch.setattr(status, "values", values)
    assert f"prod: {name} is 91 days old, 90 are allowed: `ops secrets rotate {command}`" in status.status().lines
    assert command in USED_BY


def test_the_status_has_the_age_of_each_secret_by_region_and_no_value(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(status, "Ledger", lambda: platform.session().ledger)
    before = status.status()
    assert {(row["secret"], row["age"], row["due"]) for row in before.secrets} >= {
        ("database-application", "no value", "now")
    }
    assert "prod: database-application has no value: `ops secrets rotate database`" in before.lines
    rotate(platform.session(), "database")
    found = status.status()
    ages = {(row["stack"], row["secret"]): row["age"] for row in found.secrets}
    assert ages["prod", "database-application"] == ages["dr", "database-migrations"] == "0 days"
    later = datetime.now(UTC) + timedelta(days=91)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return later

    monkeypatch.setattr(secret_values, "datetime", Later)
    assert "prod: database-application is 91 days old, 90 are allowed: `ops secrets rotate database`" in [
        line.replace("90 days old", "91 days old") for line in status.status().lines
    ]
    platform.lose("dr")
    lost = status.status()
    assert [row["age"] for row in lost.secrets if row["stack"] == "dr"] == ["unknown"]
    capsys.readouterr()
    status.show(found)
    assert account(platform, "prod")["password"] not in capsys.readouterr().out + json.dumps(found.to_json())


def test_credentials_that_expire_while_secrets_are_read_do_not_count_as_a_region_failure(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(*_: object) -> None:
        raise refusal("ExpiredToken", 403)

    monkeypatch.setattr(status, "Engine", lambda: platform.engine)
    monkeypatch.setattr(secret_values, "current", expired)
    with pytest.raises(OpsError, match=LOG_IN_AGAIN):
        status.status()


def test_no_secret_that_needs_an_up_is_rotated_while_an_operation_is_given_up(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The abort was killed before it wrote the files: an `up` of dr would promote it beside prod."""
    platform.lose("prod")
    platform.engine.failing["dr"] = OpsError("no capacity")
    with pytest.raises(OpsError, match="no capacity"):
        failover(platform.session(waive_fence="gone"), "dr")
    platform.engine.failing.clear()
    platform.world.lost.clear()

    def kill_process(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Stack, "declare", kill_process)
        with pytest.raises(KeyboardInterrupt):
            abort(platform.session())
    platform.engine.ups.clear()
    Pulumi(platform, monkeypatch).give(monkeypatch, TOKEN)
    with pytest.raises(OpsError, match=r"the abort to prod, started .*, is not finished: `ops dr status`"):
        rotate(platform.session(), "cache_auth_token")
    assert platform.engine.ups == []
