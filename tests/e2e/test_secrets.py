"""Secrets are rotated on the real engine while visitors are served: interrupted, failed halfway, killed, continued.

Emulated: instances are records in the emulated AWS, and Systems Manager accepts their commands and runs nothing, so the
accounts on a real database are tested with booted hosts. Real: the engine, the provider, the stack files, the versions
in Secrets Manager of both regions, and the tokens that ElastiCache accepts.
"""

import json
import os
import re
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract import CANARY_PATH, HEALTH_PATH
from ops.core.aws import rows
from tests.e2e.operated import Platform, ask, begin, black_out, end, meanwhile, wait_for

pytestmark = pytest.mark.e2e

DATABASE, TOKEN = (
    ("secrets", "rotate", "database", "--yes"),
    ("secrets", "rotate", "cache_auth_token", "--generate", "--yes"),
)
FAILED, INTERRUPTED = 1, 130
REACHED_SECONDS = 180
ENDED_SECONDS = 60
VISIT_EVERY_SECONDS = 0.5
ACCOUNTS = {"application", "dbadmin", "migrations", "monitoring"}
Version = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def daylight(prod: Platform) -> Iterator[None]:
    """Every service answers afterwards, however the story ends."""
    yield
    for service in ("ssm", "elasticache"):
        black_out(prod, None, service)
    ask("DELETE", f"{prod.variables['AWS_ENDPOINT_URL']}/_sandbox/fault")


@pytest.fixture(scope="module")
def regions(prod: Platform, standby: Platform) -> tuple[Platform, Platform]:
    """Both regions of the pair, after the first rotation has made the accounts."""
    prod.ops(*DATABASE)
    return prod, standby


@contextmanager
def visited(platform: Platform) -> Iterator[None]:
    """Visitors read and write through the edge continuously, and get answers."""
    answers = list[tuple[int, int]]()
    host = f"app.{platform.setting('domain')}"

    def visit() -> None:
        read, written = (
            platform.visit(host, path, row) for path, row in ((HEALTH_PATH, None), (CANARY_PATH, time.time_ns()))
        )
        answers.append((read.status_code, written.status_code))

    with meanwhile(visit, VISIT_EVERY_SECONDS):
        yield
    assert set(answers) == {(200, 201)}


def versions(platform: Platform, secret: str) -> dict[str, Version]:
    """The content of a secret's labelled versions, by label, each with its identifier."""
    manager = platform.client("secretsmanager")
    name = f"askproai-{platform.stack}-{secret}"
    labels = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
    return {
        label: json.loads(manager.get_secret_value(SecretId=name, VersionId=version)["SecretString"]) | {"id": version}
        for version, all_labels in labels.items()
        for label in all_labels
    }


def accounts(platform: Platform) -> dict[str, dict[str, Version]]:
    """The versions of each account's secret."""
    return {name: versions(platform, f"database-{name}") for name in ACCOUNTS}


def current(platform: Platform) -> dict[str, Version]:
    """Each account as a newly started host gets it."""
    return {name: found["AWSCURRENT"] for name, found in accounts(platform).items()}


def other(username: str) -> str:
    """The second one of an account's two names."""
    return {"1": "2", "2": "1"}[username[-1]].join((username[:-1], ""))


def commands(platform: Platform) -> list[dict[str, Any]]:
    """The commands that Systems Manager got for hosts, oldest first."""
    return sorted(rows(platform.client("ssm"), "list_commands"), key=lambda command: command["RequestedDateTime"])


def instances(platform: Platform) -> set[str]:
    """All hosts in service in a region."""
    groups = list(rows(platform.client("autoscaling"), "describe_auto_scaling_groups"))
    return {one["InstanceId"] for group in groups for one in group["Instances"] if one["LifecycleState"] == "InService"}


def blocked(platform: Platform, service: str) -> int:
    """Unanswered calls to a service in the platform's region."""
    told = ask("GET", f"{platform.variables['AWS_ENDPOINT_URL']}/_sandbox/calls")
    return int(told.get(platform.region, {}).get(service, {}).get("blocked", 0))


def stopped_at(platform: Platform, service: str, command: tuple[str, ...], what: signal.Signals) -> tuple[int, str]:
    """Run a command until it waits for a hanging service, and end it there. Returns its exit code and output."""
    before = blocked(platform, service)
    black_out(platform, "hang", service)
    started = begin(platform, *command)
    try:
        wait_for(
            f"a call to {service}",
            REACHED_SECONDS,
            lambda: started.poll() is not None or blocked(platform, service) > before,
        )
        assert started.poll() is None, started.communicate()[0]
        os.killpg(started.pid, what)
        said = started.communicate(timeout=ENDED_SECONDS)[0]
    finally:
        end(started)
        black_out(platform, None, service)
    return started.returncode, said


def named(text: str) -> tuple[str, ...]:
    """The arguments of the command that a message names for continuing."""
    (found,) = re.findall(r"ops (secrets rotate[^`\n]*)", text)
    return tuple(shlex.split(found))


def kept(platform: Platform) -> str:
    """Everything that operators and engine wrote: ledger, history, state and its backups, stack files, logs; and
    commands."""
    folders = (platform.paths.state, platform.paths.project, platform.paths.logs)
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return "\n".join(
        [*(file.read_text(errors="replace") for file in files), json.dumps(commands(platform), default=str)]
    )


def records(platform: Platform, name: str) -> tuple[list[str], int]:
    """The files of running rotations, and the number of a secret's rotations in the history."""
    under_way = [file.name for file in platform.paths.state.rglob("rotation-*.json")]
    history = [json.loads(file.read_text()) for file in platform.paths.state.rglob("*-secret-rotation.json")]
    return under_way, sum(record["name"] == name for record in history)


def test_accounts_that_were_interrupted_on_their_way_are_current_in_both_regions_once_it_went_on(
    prod: Platform, standby: Platform, regions: tuple[Platform, Platform]
) -> None:
    former, (_, history) = current(prod), records(prod, "database")
    sent, sent_there = (len(commands(region)) for region in regions)
    code, interrupted = stopped_at(prod, "ssm", DATABASE, signal.SIGINT)
    assert code == INTERRUPTED, interrupted
    assert named(interrupted) == DATABASE
    begun = [{name: found["AWSPENDING"] for name, found in accounts(region).items()} for region in regions]
    assert begun[0] == begun[1]
    assert [current(region) for region in regions] == [former, former]
    assert records(prod, "database") == (["rotation-database.json"], history)

    with visited(prod):
        done = prod.ops(*named(interrupted))

    for region in regions:
        assert current(region) == begun[0]
        assert {name: found["AWSPREVIOUS"] for name, found in accounts(region).items()} == former
    became = current(prod)
    for name in ACCOUNTS:
        assert became[name]["username"] == other(former[name]["username"])
        assert became[name]["password"] != former[name]["password"]
    make, read, lock = commands(prod)[sent:]
    assert (len(make["InstanceIds"]), len(lock["InstanceIds"])) == (1, 1)
    assert all(f" {name}=" in make["Parameters"]["commands"][0] for name in ACCOUNTS)
    assert "askproai-secrets" in read["Parameters"]["commands"][0]
    assert (set(read["InstanceIds"]), read["MaxConcurrency"]) == (instances(prod), "1")
    (read_there,) = commands(standby)[sent_there:]
    assert set(read_there["InstanceIds"]) == instances(standby)
    assert set(lock["Parameters"]["commands"][0].split()) >= {account["username"] for account in former.values()}
    assert records(prod, "database") == ([], history + 1)
    text = kept(prod) + done.stdout + done.stderr + interrupted
    assert became["application"]["id"] in text
    assert not [name for found in (former, became) for name, account in found.items() if account["password"] in text]


def test_a_rotation_that_fails_between_the_regions_is_named_and_ends_with_the_same_accounts_in_both(
    prod: Platform, standby: Platform, regions: tuple[Platform, Platform]
) -> None:
    """The second rotation of this story: the names return to those before the first."""
    former = current(prod)
    fault = (
        f"{prod.variables['AWS_ENDPOINT_URL']}/_sandbox/fault/{standby.region}/secretsmanager/UpdateSecretVersionStage"
    )
    ask("PUT", fault, params={"when": "before", "code": "InternalServiceError"})
    failed = prod.ops(*DATABASE, check=False)
    ask("DELETE", fault)
    assert failed.returncode == FAILED, failed.stdout + failed.stderr
    assert "Traceback" not in failed.stderr
    assert current(standby) == former
    switched = current(prod)
    assert {name: account["username"] for name, account in switched.items()} == {
        name: other(account["username"]) for name, account in former.items()
    }
    shown = prod.ops("secrets", "status").stdout
    assert named(shown) == DATABASE[:-1]

    with visited(prod):
        prod.ops(*named(shown), "--yes")

    assert [current(region) for region in regions] == [switched, switched]
    assert records(prod, "database")[0] == []
    assert "is not finished" not in prod.ops("secrets", "status").stdout


def test_a_token_whose_rotation_was_killed_with_its_engine_is_the_only_one_that_the_cache_takes_afterwards(
    prod: Platform, standby: Platform, regions: tuple[Platform, Platform]
) -> None:
    cache = prod.client("elasticache")
    (before,) = rows(cache, "describe_replication_groups")
    former, sent, (_, history) = versions(prod, "cache")["AWSCURRENT"], len(commands(prod)), records(prod, TOKEN[2])
    code, killed = stopped_at(prod, "elasticache", TOKEN, signal.SIGKILL)
    assert code == -signal.SIGKILL, killed
    # The hosts' secret waits for a cache that accepts both.
    assert [versions(region, "cache")["AWSCURRENT"]["auth_token"] for region in regions] == [former["auth_token"]] * 2
    chosen = [region.pulumi("config", "get", "cache_auth_token").stdout.strip() for region in regions]
    assert (len(set(chosen)), former["auth_token"] in chosen) == (1, False)

    with visited(prod):
        done = prod.ops(*TOKEN)

    (token,) = set(chosen)
    for region in regions:
        found = versions(region, "cache")
        assert found["AWSCURRENT"]["auth_token"] == token
        assert found["AWSPREVIOUS"]["auth_token"] == former["auth_token"]
        assert region.pulumi("config", "get", "cache_auth_token").stdout.strip() == token
    (after,) = rows(cache, "describe_replication_groups")
    (read,) = commands(prod)[sent:]
    assert set(read["InstanceIds"]) == instances(prod)
    changed = [group.get("AuthTokenLastModifiedDate") for group in (before, after)]
    assert changed[1] > read["RequestedDateTime"]
    assert changed[0] is None or changed[0] < changed[1]
    # ElastiCache accepts SET only while it accepts two tokens.
    with pytest.raises(ClientError, match="only after ROTATE"):
        cache.modify_replication_group(
            ReplicationGroupId=after["ReplicationGroupId"], AuthToken=token, AuthTokenUpdateStrategy="SET"
        )
    assert records(prod, TOKEN[2]) == ([], history + 1)
    text = kept(prod) + done.stdout + done.stderr + killed
    assert (token in text, former["auth_token"] in text) == (False, False)
    assert prod.preview() == {}
    assert not [stack.half_done for stack in regions if stack.half_done]
