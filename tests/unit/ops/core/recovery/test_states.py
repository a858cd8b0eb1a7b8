"""What a recovery adds to a state: resources after their dependencies, and without a preview's placeholders."""

from typing import Any

from ops.core.cloudflare import EdgeApi
from ops.core.engine import UNKNOWN
from ops.core.recovery.adoption import taken
from ops.core.recovery.states import HIDDEN, State, logical_name

EDGE = EdgeApi(str)
STACK = {"urn": "urn::stack", "type": "pulumi:pulumi:Stack", "custom": False}
PROVIDER = {
    "urn": "urn::aws",
    "type": "pulumi:providers:aws",
    "custom": True,
    "id": "uuid",
    "inputs": {"region": "eu-central-1"},
    "parent": "urn::stack",
}
COMPONENT = {"urn": "urn::network", "type": "askproai:network:Network", "custom": False, "parent": "urn::stack"}


def vpc(**given: Any) -> dict[str, Any]:
    resource = {
        "urn": "urn::network-vpc",
        "type": "aws:ec2/vpc:Vpc",
        "custom": True,
        "inputs": {"cidrBlock": "10.0.0.0/16"},
        "parent": "urn::network",
        "provider": "urn::aws::uuid",
        "protect": True,
        "dependencies": ["urn::network", "urn::gone"],
        "propertyDependencies": {"cidrBlock": ["urn::gone"]},
    }
    return {**resource, **given}


def state(*resources: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> State:
    deployment: dict[str, Any] = {"resources": [dict(resource) for resource in resources]}
    if pending:
        deployment["pending_operations"] = pending
    return State({"version": 3, "deployment": deployment})


def operation(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "resource": resource}


def test_what_is_adopted_keeps_its_place_in_the_program() -> None:
    found = state(STACK, PROVIDER, COMPONENT)
    found.adopt(vpc(outputs={"stale": True}), "vpc-1")
    adopted = found.resources[-1]
    assert adopted["id"] == "vpc-1"
    assert (adopted["parent"], adopted["provider"], adopted["protect"]) == ("urn::network", "urn::aws::uuid", True)
    assert adopted["dependencies"] == ["urn::network"]
    assert adopted["propertyDependencies"] == {"cidrBlock": []}
    assert "outputs" not in adopted


def test_what_a_preview_hides_or_does_not_know_stays_out_of_the_state() -> None:
    found = state(STACK, PROVIDER, COMPONENT)
    found.adopt(vpc(inputs={"cidrBlock": "10.0.0.0/16", "password": HIDDEN, "keyId": UNKNOWN}), "vpc-1")
    assert found.resources[-1]["inputs"] == {"cidrBlock": "10.0.0.0/16"}


def test_a_replacement_that_was_cut_off_leaves_the_former_one_to_be_deleted() -> None:
    found = state(STACK, PROVIDER, COMPONENT, vpc(id="vpc-1", outputs={}))
    found.adopt(vpc(), "vpc-2")
    assert [(r["id"], r.get("delete", False)) for r in found.resources[3:]] == [("vpc-1", True), ("vpc-2", False)]


def test_what_the_engine_had_finished_is_kept_as_it_is() -> None:
    made, making = vpc(id="vpc-1", outputs={"arn": "a"}), vpc(urn="urn::other")
    known = vpc(urn="urn::known", id="vpc-3", outputs={})
    pending = [operation("creating", made), operation("creating", making), operation("creating", known)]
    found = state(STACK, PROVIDER, COMPONENT, known, pending=pending)
    assert found.being_created() == ([made], [making])
    found.keep(made)
    assert found.resources[-1]["outputs"] == {"arn": "a"}


def test_what_was_being_changed_is_to_be_read_and_so_is_what_was_adopted_and_not_read() -> None:
    changed, adopted = vpc(id="vpc-1", outputs={}), vpc(urn="urn::adopted", id="vpc-2")
    found = state(STACK, PROVIDER, COMPONENT, changed, adopted, pending=[operation("updating", changed)])
    assert found.unread() == [changed["urn"], adopted["urn"]]


def test_a_provider_whose_state_is_lost_says_the_region_again() -> None:
    provider = {key: value for key, value in PROVIDER.items() if key != "id"}
    found = state()
    found.add_foundations([STACK, provider, COMPONENT])
    assert [r["urn"] for r in found.resources] == ["urn::stack", "urn::aws"]
    assert found.region(vpc(provider=f"urn::aws::{UNKNOWN}")) == "eu-central-1"
    found.make_room([STACK, provider, COMPONENT, vpc()], [vpc()])
    found.adopt(vpc(provider=f"urn::aws::{UNKNOWN}"), "vpc-1")
    adopted = found.resources[-1]
    assert adopted["provider"] == f"urn::aws::{found.resources[1]['id']}"
    assert [logical_name(r["urn"]) for r in found.resources] == ["stack", "aws", "network", "network-vpc"]


def test_an_identifier_that_another_resource_has_is_taken() -> None:
    assert taken(state(STACK, vpc(id="vpc-1")), "aws:ec2/vpc:Vpc", EDGE) == {"vpc-1"}
    database = {"urn": "urn::db", "type": "aws:rds/instance:Instance", "id": "db-1", "inputs": {"identifier": "ours"}}
    assert taken(state(database), "aws:rds/instance:Instance", EDGE) == {"ours"}
