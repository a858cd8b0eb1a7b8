"""A `pulumi up` that is killed at any point, and a state that is damaged or lost: `ops recover`, and `up` converges."""

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.core.aws import rows
from ops.core.recovery.finders import AGAIN
from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.isolated import isolated
from sandbox.project.paths import Paths
from sandbox.servers import bring_up, clouds
from tests.e2e.operated import STATE_WRITTEN_ONCE, Platform, run

pytestmark = pytest.mark.e2e

KILLS = 10
SEED = int(os.environ.get("ASKPROAI_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
MOST_RESOURCES_BETWEEN_KILLS = 30
LONGEST_PAUSE_SECONDS = 12.0
"""While the engine waits for a database or a load balancer, nothing else may complete: such a run is killed by time."""
OPS_BUSY, OPS_USAGE = 4, 2
EDGE_RESOURCES = 20
"""Fewer than the edge has."""
CHECKPOINT = "stacks/askproai/edge.json"
MOMENTS = {
    "the rename of the lock": ("", "renameat"),
    "the write of the attributes": (f"{CHECKPOINT}.attrs", "write"),
    "the rename of the checkpoint": (CHECKPOINT, "renameat"),
    "the rename of its copy": (f"{CHECKPOINT}.bak", "renameat"),
}
"""System calls of a change at which the engine is killed: the file in the backend, any without one, and the call."""


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Running clouds, and every stack without resources."""
    home = Path(tempfile.mkdtemp(prefix="askproai-recover-"))
    paths = isolated(Paths.of(), home)
    try:
        project.refresh(paths)
        servers, _fresh = clouds.start(paths)
        clouds.forget_lost_states(paths, servers)
        variables = environment(paths, {name: server.url for name, server in servers.items()})
        for stack in project.stacks(paths):
            bring_up.initialise(paths, stack, variables, print)
        yield Platform(paths, variables, "prod")
    finally:
        # Not by a command: only the process that started a server sees immediately that it has ended.
        clouds.stop(paths)
        shutil.rmtree(home)


def ops(platform: Platform, *arguments: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    return run([platform.paths.launcher, *arguments], platform.variables | more, check=check)


def state(platform: Platform) -> dict[str, Any]:
    """The stack's latest state; {} before its first, and while the engine writes it."""
    file = platform.state_file
    try:
        checkpoint = {key.lower(): value for key, value in json.loads(file.read_text())["checkpoint"].items()}
    except (OSError, ValueError):
        return {}
    return checkpoint.get("latest") or {}


def recorded(platform: Platform) -> int:
    return len(state(platform).get("resources") or [])


def up_until_killed(platform: Platform, more: int) -> str:
    """Run `up`, and kill it once it has recorded this many more resources; "ended" if it completed before."""
    before, resources, creating, since = recorded(platform), 0, False, time.monotonic()
    written = platform.state_file.stat().st_mtime_ns if platform.state_file.exists() else 0
    engine = subprocess.Popen(
        [platform.paths.wrapper, "up", "--stack", "prod", "--yes", "--skip-preview", "--non-interactive"],
        cwd=platform.paths.checkout,
        env=platform.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while engine.poll() is None:
        if platform.state_file.exists() and (now := platform.state_file.stat().st_mtime_ns) != written:
            written, latest = now, state(platform)
            creating = bool(latest.get("pending_operations"))
            if (found := len(latest.get("resources") or [])) != resources:
                resources, since = found, time.monotonic()
        if resources >= before + more or (creating and time.monotonic() - since > LONGEST_PAUSE_SECONDS):
            os.killpg(engine.pid, signal.SIGKILL)
            engine.wait()
            return "killed"
        time.sleep(0.05)
    return "ended"


def names_in_ec2(platform: Platform) -> Counter[tuple[str, str]]:
    """The number of resources of a kind with a name. Instances and volumes are as many as their groups want."""
    pages = (
        platform.client("ec2").get_paginator("describe_tags").paginate(Filters=[{"Name": "key", "Values": ["Name"]}])
    )
    tags = [tag for page in pages for tag in page["Tags"]]
    return Counter((t["ResourceType"], t["Value"]) for t in tags if t["ResourceType"] not in ("instance", "volume"))


def names_of_keys(platform: Platform) -> Counter[str]:
    kms = platform.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in rows(kms, "list_keys")]
    living = [key["KeyId"] for key in keys if key["KeyState"] == "Enabled" and key["KeyManager"] == "CUSTOMER"]
    tags = [tag for key in living for tag in kms.list_resource_tags(KeyId=key)["Tags"]]
    return Counter(tag["TagValue"] for tag in tags if tag["TagKey"] == "Name")


def put_resources(platform: Platform, resources: list[dict[str, Any]]) -> None:
    """Give the stack a state with only these resources."""
    exported = json.loads(platform.pulumi("stack", "export").stdout)
    exported["deployment"]["resources"] = resources
    file = platform.paths.home / "imported.json"
    file.write_text(json.dumps(exported))
    platform.pulumi("stack", "import", "--file", str(file))


def ids(platform: Platform) -> dict[str, str]:
    """The identifiers of the resources at Cloudflare, by logical name."""
    resources = json.loads(platform.pulumi("stack", "export").stdout)["deployment"]["resources"]
    return {r["urn"].rpartition("::")[2]: r["id"] for r in resources if r["type"].startswith("cloudflare:")}


@pytest.fixture
def whole_edge(edge: Platform) -> Platform:
    """The edge as brought up, without leftovers of a failed test."""
    if edge.half_done or recorded(edge) < EDGE_RESOURCES:
        pytest.skip(edge.half_done or "the state of edge lacks what an earlier test did not bring back")
    return edge


def twice(names: Counter[Any]) -> list[Any]:
    return [name for name, count in names.items() if count > 1]


def test_ten_kills_at_random_points_are_recovered_from(platform: Platform) -> None:
    chance = random.Random(SEED)
    seen = []
    for _ in range(KILLS):
        how = up_until_killed(platform, chance.randint(1, MOST_RESOURCES_BETWEEN_KILLS))
        seen.append((how, recorded(platform), len(state(platform).get("pending_operations") or [])))
        ops(platform, "recover", "--yes", "--quick", "prod")
        assert not state(platform).get("pending_operations"), (SEED, seen)
    done = ops(platform, "recover", "--yes", "--up", "prod", check=False, **STATE_WRITTEN_ONCE)
    assert done.returncode == 0, (SEED, seen, done.stdout, done.stderr)
    assert [how for how, _, _ in seen].count("killed") >= KILLS // 2, (SEED, seen)
    assert platform.preview() == {}, (SEED, seen)
    assert (twice(names_in_ec2(platform)), twice(names_of_keys(platform))) == ([], []), (SEED, seen)


def test_with_nothing_left_behind_there_is_nothing_to_recover(platform: Platform) -> None:
    before = platform.state_file.read_bytes()
    assert "nothing to recover" in ops(platform, "recover").stdout
    assert platform.state_file.read_bytes() == before
    assert ops(platform, "recover", "prod", check=False).returncode == OPS_USAGE


def test_the_lock_of_a_living_engine_is_left_and_its_holder_named(platform: Platform) -> None:
    locks = platform.paths.state / ".pulumi" / "locks" / "organization" / "askproai" / "prod"
    locks.mkdir(parents=True, exist_ok=True)
    holder = {
        "pid": os.getpid(),
        "username": "ann",
        "hostname": os.uname().nodename,
        "timestamp": "2099-01-01T00:00:00Z",
    }
    (locks / "1.json").write_text(json.dumps(holder))
    try:
        refused = ops(platform, "recover", "--yes", "prod", check=False)
        assert refused.returncode == OPS_BUSY
        assert f"ann@{os.uname().nodename} (pid {os.getpid()})" in refused.stderr
        assert (locks / "1.json").exists()
    finally:
        (locks / "1.json").unlink()


@pytest.fixture(scope="module")
def edge(platform: Platform) -> Platform:
    """The edge before prod; it reads two outputs of each region, so a standby with only these is enough."""
    if platform.half_done or not recorded(platform):
        pytest.skip(platform.half_done or "prod was not brought up")
    outputs = json.loads(platform.pulumi("stack", "output", "--json").stdout)
    read = {name: outputs[name] for name in ("load_balancer_dns_name", "certificate_validation_records")}
    root = {"urn": "urn:pulumi:dr::askproai::pulumi:pulumi:Stack::askproai-dr", "type": "pulumi:pulumi:Stack"}
    put_resources(Platform(platform.paths, platform.variables, "dr"), [{**root, "custom": False, "outputs": read}])
    edge = Platform(platform.paths, platform.variables, "edge")
    replace(edge, variables=edge.variables | STATE_WRITTEN_ONCE).pulumi("up", "--yes", "--skip-preview")
    return edge


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which kills at a chosen call, is not installed")
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_engine_killed_at_a_chosen_write_leaves_nothing_that_recovery_does_not_mend(
    whole_edge: Platform, moment: str
) -> None:
    """In a folder backend with default options: the sandbox's own has no attributes that could be torn."""
    edge = replace(
        whole_edge, variables={**whole_edge.variables, "PULUMI_BACKEND_URL": whole_edge.paths.state.as_uri()}
    )
    resources, backend = recorded(edge), edge.paths.state / ".pulumi"
    refresh = ("refresh", "--yes", "--skip-preview")
    file, call = MOMENTS[moment]
    at = ["--trace-path", str(backend / file)] if file else []
    kill = ["--inject", f"{call}:signal=SIGKILL:when=1"]
    strace = ["strace", "--follow-forks", "--seccomp-bpf", "--output", os.devnull, *at, *kill]
    engine = subprocess.Popen(
        [*strace, edge.paths.wrapper, *refresh, "--stack", "edge"], cwd=edge.paths.checkout, env=edge.variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert engine.wait() == -signal.SIGKILL
    assert edge.pulumi(*refresh, check=False).returncode != 0
    ops(edge, "recover", "--yes", "--quick", "edge")
    edge.pulumi(*refresh)
    assert recorded(edge) == resources


@pytest.mark.parametrize("loss", ["cut in half", "gone"])
def test_a_damaged_or_lost_state_is_restored_from_its_newest_backup(whole_edge: Platform, loss: str) -> None:
    edge = whole_edge
    file, resources = edge.state_file, recorded(edge)
    text = file.read_text()
    if loss == "gone":
        file.unlink()
    else:
        file.write_text(text[: len(text) // 2])
    told = edge.pulumi("preview", check=False)
    assert told.returncode != 0
    assert "taken from" in ops(edge, "recover", "--dry-run", "edge").stdout
    assert recorded(edge) == 0
    assert " s ago" in ops(edge, "recover", "--yes").stdout
    assert recorded(edge) == resources
    assert edge.preview() == {}


def test_the_edge_whose_state_is_lost_for_good_is_found_by_its_names(whole_edge: Platform) -> None:
    edge = whole_edge
    before = ids(edge)
    put_resources(edge, [])
    ops(edge, "recover", "--yes", "--up", "edge", **STATE_WRITTEN_ONCE)
    assert edge.preview() == {}
    # Its private key cannot be read back, so the certificate is shown as new.
    assert dict(before.items() ^ ids(edge).items()).keys() <= {"tls-origin-pull-certificate"}


def test_a_region_whose_state_is_lost_for_good_is_found_by_its_names(platform: Platform) -> None:
    """The oldest backup is empty, and the cloud has the whole platform."""
    before = {resource["urn"] for resource in state(platform)["resources"]}
    put_resources(platform, [])
    ops(platform, "recover", "--yes", "prod", **STATE_WRITTEN_ONCE)
    types = {urn.split("::")[2].rpartition("$")[2] for urn in before - {r["urn"] for r in state(platform)["resources"]}}
    assert {name for name in types if name.startswith("aws:")} - AGAIN.keys() == set()
