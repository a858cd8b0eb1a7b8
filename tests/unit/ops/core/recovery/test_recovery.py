"""A whole recovery, on a fake engine with a state in memory and a cloud of names."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_platform import copy_project

from ops.core.engine import UNKNOWN, Engine, Say
from ops.core.objects import Folder
from ops.core.recovery import adoption, recover
from ops.core.recovery.finders import FINDERS, Finder
from ops.core.recovery.recovery import Recovery
from ops.core.steps import Timeline
from ops.errors import Exit, OpsError

VPC = "aws:ec2/vpc:Vpc"
BUCKET = "aws:s3/bucket:Bucket"
STATE = "stacks/askproai/prod.json"


def resource(type_token: str, name: str, **given: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:prod::askproai::{type_token}::{name}"
    return {"urn": urn, "type": type_token, "custom": True, "inputs": {"tags": {"Name": name}}, **given}


class RecordingEngine(Engine):
    """A state in memory, and the previews of a program: what it declares and the state lacks."""

    def __init__(self, declared: Sequence[dict[str, Any]], resources: list[dict[str, Any]]) -> None:
        self.declared = declared
        self.deployment: dict[str, Any] = {"resources": resources}
        self.did: list[str] = []

    def export(self, stack: str) -> dict[str, Any]:
        return {"version": 3, "deployment": json.loads(json.dumps(self.deployment))}

    def import_(self, stack: str, deployment: Mapping[str, Any]) -> None:
        self.did.append("import")
        self.deployment = dict(deployment["deployment"])

    def refresh(self, stack: str, say: Say, targets: Sequence[str] = ()) -> None:
        self.did.append("refresh")
        for known in self.deployment["resources"]:
            known.setdefault("outputs", {})

    def preview_steps(self, stack: str) -> list[dict[str, Any]]:
        known = {r["urn"] for r in self.deployment["resources"]}
        steps = [("same" if r["urn"] in known else "create", r) for r in self.declared]
        return [{"op": op, "urn": r["urn"], "newState": r} for op, r in steps]

    def preview_changes(self, stack: str, config_file: Path | None = None) -> dict[str, int]:
        created = [step for step in self.preview_steps(stack) if step["op"] == "create"]
        return {"create": len(created)} if created else {}

    def up(self, stack: str, say: Say, targets: Sequence[str] = ()) -> dict[str, int]:
        self.did.append("up")
        made: dict[str, Any] = {"id": "made", "outputs": {}}
        self.deployment["resources"] = [{**r, **made} for r in self.declared]
        return {"create": 1}


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(copy_project(tmp_path)))
    found = Folder(tmp_path / "state")
    found.write(STATE, json.dumps({"checkpoint": {"latest": {}}}).encode())
    return found


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What exists, by the tag Name; two identifiers under one name are two resources."""
    exists: dict[str, list[str]] = {}
    finder = Finder(search=lambda wanted: exists.get(wanted.name_tag, []), by="tag Name")
    for type_token in (VPC, BUCKET):
        monkeypatch.setitem(FINDERS, type_token, finder)
    return exists


def run(engine: Engine, backend: Folder, *, dry_run: bool = False, up: bool = False) -> Timeline:
    timeline = Timeline(dry_run=dry_run)
    Recovery("prod", timeline, engine, backend).run(up=up)
    return timeline


def creating(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "creating", "resource": r} for r in resources]


def identifiers(engine: RecordingEngine) -> dict[str, str]:
    return {adoption.logical_name(r["urn"]): r.get("id", "") for r in engine.deployment["resources"]}


def test_with_nothing_left_behind_nothing_is_done(backend: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    vpc = resource(VPC, "vpc")
    engine = RecordingEngine([vpc], [{**vpc, "id": "vpc-1", "outputs": {}}])
    run(engine, backend)
    assert engine.did == []
    assert "nothing to recover" in capsys.readouterr().out


def test_what_was_made_before_the_kill_is_adopted_and_what_was_not_is_left_to_up(
    backend: Folder, there: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    vpc, bucket = resource(VPC, "vpc"), resource(BUCKET, "bucket")
    engine = RecordingEngine([vpc, bucket], [])
    engine.deployment["pending_operations"] = creating(vpc, bucket)
    there["vpc"] = ["vpc-1"]
    run(engine, backend)
    assert identifiers(engine) == {"vpc": "vpc-1"}
    assert engine.did == ["import", "refresh"]
    assert "pending_operations" not in engine.deployment
    assert "`pulumi up` will create 1" in capsys.readouterr().out


def test_resources_without_a_pending_operation_are_found_by_what_up_would_create(
    backend: Folder, there: dict[str, list[str]]
) -> None:
    vpc, bucket = resource(VPC, "vpc"), resource(BUCKET, "bucket")
    engine = RecordingEngine([vpc, bucket], [])
    there |= {"vpc": ["vpc-1"], "bucket": ["ours"]}
    run(engine, backend, up=True)
    assert identifiers(engine) == {"vpc": "vpc-1", "bucket": "ours"}
    assert "up" not in engine.did


def test_what_is_known_in_full_is_adopted_before_what_hangs_on_it(
    backend: Folder, there: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    vpc, bucket = resource(VPC, "vpc"), resource(BUCKET, "bucket")
    bucket["inputs"]["rules"] = [{"vpcId": UNKNOWN}]
    engine = RecordingEngine([vpc, bucket], [])
    there |= {"vpc": ["vpc-1"], "bucket": ["ours"]}
    run(engine, backend)
    rounds = [line for line in capsys.readouterr().out.splitlines() if "exists:" in line]
    assert ["vpc-1" in line for line in rounds] == [True, False]
    assert identifiers(engine) == {"vpc": "vpc-1", "bucket": "ours"}


def test_up_ends_what_was_cut_off(backend: Folder, there: dict[str, list[str]]) -> None:
    engine = RecordingEngine([resource(VPC, "vpc")], [])
    run(engine, backend, up=True)
    assert engine.did == ["up"]
    assert identifiers(engine) == {"vpc": "made"}
    assert there == {}


def test_a_dry_run_tells_what_exists_and_changes_nothing(
    backend: Folder, there: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    vpc = resource(VPC, "vpc")
    engine = RecordingEngine([vpc], [])
    engine.deployment["pending_operations"] = creating(vpc)
    there["vpc"] = ["vpc-1"]
    backend.write("locks/organization/askproai/prod/1.json", b"{")
    run(engine, backend, dry_run=True)
    assert engine.did == []
    assert backend.read("locks/organization/askproai/prod/1.json") == b"{"
    assert "vpc (vpc-1)" in capsys.readouterr().out


def test_two_things_that_match_are_named_and_nothing_is_changed(backend: Folder, there: dict[str, list[str]]) -> None:
    vpc = resource(VPC, "vpc")
    engine = RecordingEngine([vpc], [])
    engine.deployment["pending_operations"] = creating(vpc)
    there["vpc"] = ["vpc-1", "vpc-2"]
    with pytest.raises(OpsError, match="2 things match it by tag Name: vpc-1, vpc-2"):
        run(engine, backend)
    assert engine.did == []


def test_a_thing_that_belongs_to_another_resource_is_not_adopted(backend: Folder, there: dict[str, list[str]]) -> None:
    engine = RecordingEngine([resource(VPC, "vpc")], [{**resource(VPC, "former"), "id": "vpc-1", "outputs": {}}])
    there["vpc"] = ["vpc-1"]
    run(engine, backend)
    assert engine.did == []


def test_a_recovery_that_was_killed_before_it_read_what_it_adopted_goes_on(backend: Folder) -> None:
    vpc = resource(VPC, "vpc")
    engine = RecordingEngine([vpc], [{**vpc, "id": "vpc-1"}])
    run(engine, backend)
    assert engine.did == ["import", "refresh"]


def test_a_damaged_state_is_restored_and_refreshed(
    backend: Folder, there: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    backend.write(STATE, b'{"version": 3, "checkp')
    latest = {"manifest": {"time": "2030-01-01T00:00:00Z"}, "resources": [{"urn": "urn"}]}
    backend.write("backups/askproai/prod/prod.1.json", json.dumps({"checkpoint": {"latest": latest}}).encode())
    run(RecordingEngine([], []), backend, dry_run=True)
    assert (backend.read(STATE) or b"").endswith(b"checkp")
    engine = RecordingEngine([], [])
    run(engine, backend)
    assert json.loads(backend.read(STATE) or b"")["checkpoint"]["latest"]["resources"] == [{"urn": "urn"}]
    assert engine.did == ["import", "refresh"]
    assert "damaged (cut off or not JSON" in capsys.readouterr().out
    assert there == {}


@pytest.fixture
def damaged(backend: Folder) -> Folder:
    """A state that was cut in half, and a backup that knows of one resource."""
    backend.write(STATE, b'{"version": 3, "checkp')
    latest = {"manifest": {"time": "2030-01-01T00:00:00Z"}, "resources": [{"urn": "urn"}]}
    backend.write("stacks/askproai/prod.json.bak", json.dumps({"checkpoint": {"latest": latest}}).encode())
    return backend


def test_what_was_made_after_the_backup_is_adopted_by_a_quick_recovery_too(
    damaged: Folder, there: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    engine = RecordingEngine([resource(VPC, "vpc")], [])
    there["vpc"] = ["vpc-1"]
    Recovery("prod", Timeline(), engine, damaged).run(quick=True)
    assert identifiers(engine) == {"vpc": "vpc-1"}
    told = capsys.readouterr().out
    assert "taken from stacks/askproai/prod.json.bak, of " in told
    assert " ago, 1 resources;" in told


def test_a_restoration_that_was_cut_off_is_gone_on_with(
    damaged: Folder, there: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then the state can be read again, and does not show that it lacks what was created after the backup."""

    def unreachable(*_: object) -> None:
        raise OpsError("no connection")

    engine = RecordingEngine([resource(VPC, "vpc")], [])
    there["vpc"] = ["vpc-1"]
    recovery = Recovery("prod", Timeline(), engine, damaged)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "refresh", unreachable)
        with pytest.raises(OpsError, match="no connection"):
            recovery.run(quick=True)
    assert Recovery("prod", Timeline(), engine, damaged).needed()
    Recovery("prod", Timeline(), engine, damaged).run(quick=True)
    assert identifiers(engine) == {"vpc": "vpc-1"}
    assert not Recovery("prod", Timeline(), engine, damaged).needed()


def test_attributes_that_were_cut_off_cost_nothing_but_themselves(backend: Folder) -> None:
    backend.write(f"{STATE}.attrs", b"")
    vpc = resource(VPC, "vpc")
    engine = RecordingEngine([vpc], [{**vpc, "id": "vpc-1", "outputs": {}}])
    before = backend.read(STATE)
    assert Recovery("prod", Timeline(), engine, backend).needed()
    Recovery("prod", Timeline(), engine, backend).run(quick=True)
    assert not Recovery("prod", Timeline(), engine, backend).needed()
    assert (backend.read(STATE), engine.did) == (before, [])


def test_a_state_without_a_backup_is_refused_with_what_to_do(backend: Folder) -> None:
    backend.write(STATE, b"")
    with pytest.raises(OpsError, match="pulumi stack init prod"):
        run(RecordingEngine([], []), backend)


@pytest.mark.usefixtures("backend")
def test_an_unknown_stack_is_named_with_those_there_are() -> None:
    with pytest.raises(OpsError, match=r"no stack staging; there are: .*prod") as refused:
        recover("staging", Timeline())
    assert refused.value.exit_code is Exit.USAGE
