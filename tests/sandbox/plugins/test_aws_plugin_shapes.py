"""The AWS plugin's table and conversions: true to the installed SDK and the program, and without loss."""

import importlib.metadata
import json
import re
from functools import partial
from typing import Any

import pytest
from accounts import account
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st
from regions import declared, region

from sandbox.plugins.aws import generate, shapes
from sandbox.plugins.aws.shapes import DEFAULTS, EMPTY_BLOCKS, SIGNATURE_KEY, UNKNOWN, Difference, Shape

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
NESTED = (LIFECYCLE, SECURITY_GROUP, "aws:s3/bucket:Bucket", "aws:wafv2/webAcl:WebAcl", "aws:lb/listener:Listener")

SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
SCALARS = st.one_of(st.text(max_size=5), st.booleans(), st.integers(-9, 9), st.none(), st.just(UNKNOWN))


def struct(values: dict[str, Any]) -> Struct:
    return ParseDict(values, Struct())


def shape(token: str) -> Shape:
    return shapes.mapping(token).shape


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET, "value": value}


def to_sdk(token: str, values: dict[str, Any]) -> dict[str, Any]:
    properties = struct(values)
    shapes.to_sdk(properties, shape(token))
    return MessageToDict(properties)


def to_bridge(token: str, values: dict[str, Any]) -> dict[str, Any]:
    properties = struct(values)
    shapes.to_bridge(properties, shape(token))
    return MessageToDict(properties)


def bridge_state(data: st.DataObject, of: Shape, depth: int = 4) -> dict[str, Any]:
    """An object as the bridge has it: some of what differs, in every form it takes there, and one plain property."""
    names = sorted(of.to_sdk) if depth else []
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
    state = {name: _bridge_value(data, of.to_sdk[name], depth) for name in chosen}
    defaulted = data.draw(st.lists(st.sampled_from(["plain", *names]), unique=True, max_size=2))
    return {**state, "plain": data.draw(SCALARS), DEFAULTS: defaulted}


def _bridge_value(data: st.DataObject, difference: Difference, depth: int) -> Any:
    length = data.draw(st.integers(0, 1 if difference.listed else 2))
    items = [bridge_state(data, difference.inside or Shape(), depth - 1) for _ in range(length)]
    return data.draw(st.sampled_from([items, secret(items) if items else items, None, UNKNOWN]))


def reached(names: set[str]) -> set[str]:
    """The shapes that these lead to, themselves included."""
    rows = shapes.table()["shapes"]
    found: set[str] = set()
    while names:
        found |= names
        differences = [d for name in names for d in rows.get(name, {}).get("differences", {}).values()]
        names = {inside for _name, _listed, inside in differences if inside} - found
    return found


def test_the_table_is_of_the_installed_sdk() -> None:
    assert shapes.table()["sdk"] == {
        "version": importlib.metadata.version("pulumi-aws"),
        "digest": generate.sdk_digest(generate.tokens()["resources"]),
    }, "the SDK's types have changed: run `make shapes`"


def test_the_table_is_of_the_tokens() -> None:
    wanted, table = generate.tokens(), shapes.table()
    assert {token: row["terraform"] for token, row in table["resources"].items()} == wanted["resources"]
    assert table["functions"] == wanted["functions"]


def test_every_rename_is_of_a_property_and_in_the_table() -> None:
    for renamed, bridge in generate.tokens()["renames"].items():
        name, _, sdk = renamed.rpartition(".")
        rows = [row for key, row in shapes.table()["shapes"].items() if key.split("=")[0] == name]
        if bridge == sdk:
            # A false match: the name is the same on both sides, whatever the bridge's schema says.
            assert not [row for row in rows if sdk in row["differences"]]
        else:
            assert [row["differences"][sdk][0] for row in rows] == [bridge] * len(rows) != []


def test_the_table_is_written_as_the_generator_writes_it() -> None:
    assert shapes.TABLE.read_text() == json.dumps(shapes.table(), indent=1) + "\n"


def test_the_table_has_what_the_program_declares_and_no_more() -> None:
    assert set(generate.tokens()["resources"]) == {
        resource.type for cloud in (region("prod"), region("dr"), account()) for resource in declared(cloud)
    }


def test_no_shape_is_left_over() -> None:
    table = shapes.table()
    assert set(table["shapes"]) <= reached({row["shape"] for row in table["resources"].values()})


def test_no_new_name_is_another_propertys_old_one() -> None:
    """Names are changed one after the other: one that stands for different properties would be overwritten."""
    for row in shapes.table()["shapes"].values():
        changed = {sdk: bridge for sdk, (bridge, *_) in row.get("differences", {}).items() if sdk != bridge}
        assert set(changed) & set(changed.values()) == set()
        assert len(set(changed.values())) == len(changed)


@pytest.mark.parametrize("token", NESTED)
@given(data=st.data())
def test_a_state_comes_back_as_it_went(token: str, data: st.DataObject) -> None:
    state = bridge_state(data, shape(token))
    assert to_bridge(token, to_sdk(token, state)) == MessageToDict(struct(state))


@settings(max_examples=100)
@given(data=st.data(), token=st.sampled_from(sorted(generate.tokens()["resources"])))
def test_the_state_of_any_type_comes_back_as_it_went(data: st.DataObject, token: str) -> None:
    state = bridge_state(data, shape(token))
    assert to_bridge(token, to_sdk(token, state)) == MessageToDict(struct(state))


def test_a_block_of_one_is_an_object_and_an_empty_one_is_remembered() -> None:
    rule: dict[str, Any] = {"expirations": [{"days": 7}], "filters": [], "transitions": [{"days": 1}, {"days": 2}]}
    converted = {"expiration": {"days": 7}, EMPTY_BLOCKS: ["filter"], "transitions": [{"days": 1}, {"days": 2}]}
    assert to_sdk(LIFECYCLE, {"rules": [rule]}) == {"rules": [converted]}


def test_names_change_and_lists_stay_lists() -> None:
    assert to_sdk(SECURITY_GROUP, {"ingresses": [], "egresses": [{"fromPort": 1}]}) == {
        "ingress": [],
        "egress": [{"fromPort": 1}],
    }


def test_defaults_are_named_as_their_properties_are() -> None:
    assert to_sdk(SECURITY_GROUP, {DEFAULTS: ["ingresses", "name"]}) == {DEFAULTS: ["ingress", "name"]}


def test_secrets_stay_wrapped_and_are_converted_inside() -> None:
    hidden = {"rules": secret([secret({"expirations": secret([{"days": secret(7)}])})])}
    shown = {"rules": secret([secret({"expiration": secret({"days": secret(7)})})])}
    assert to_sdk(LIFECYCLE, hidden) == shown
    assert to_bridge(LIFECYCLE, shown) == hidden


@pytest.mark.parametrize("unknown", [UNKNOWN, {SIGNATURE_KEY: OUTPUT}, secret(UNKNOWN), None])
def test_the_unknown_and_nothing_are_no_block(unknown: Any) -> None:
    assert to_bridge(LIFECYCLE, {"rules": [{"expiration": unknown}]}) == {"rules": [{"expirations": unknown}]}
    assert to_sdk(LIFECYCLE, {"rules": [{"expirations": unknown}]}) == {"rules": [{"expiration": unknown}]}


@pytest.mark.parametrize(
    ("bridge", "sdk"),
    [
        ("rules[0].expirations[0].days", "rules[0].expiration.days"),
        ("rules[1].filters[0].tags[0].key", "rules[1].filter.tag.key"),
        ("rules[0].expirations", "rules[0].expiration"),
        ("rules", "rules"),
        ('tags["a.b"]', 'tags["a.b"]'),
        ("rules[*].transitions[2].days", "rules[*].transitions[2].days"),
    ],
)
def test_paths_follow_their_properties(bridge: str, sdk: str) -> None:
    assert shapes.path_to_sdk(bridge, shape(LIFECYCLE)) == sdk
    assert shapes.path_to_bridge(sdk, shape(LIFECYCLE)) == bridge


def test_arguments_that_the_provider_does_not_know_are_named() -> None:
    listener = partial(shapes.unknown_arguments, shape=shape("aws:lb/listener:Listener"))
    unknown = {"region": "r", "port": 443, "defaultActions": [{"type": "forward"}, {"jwtValidation": {"issuer": "i"}}]}
    assert listener(struct(unknown)) == ["region", "defaultActions.jwtValidation"]
    assert listener(struct({"region": None, "port": 443})) == []


def test_a_type_without_a_row_is_an_error_that_names_the_table() -> None:
    with pytest.raises(shapes.UnknownTokenError, match=r"aws:ec2/ami:Ami is not in sandbox/plugins/aws/tokens.yaml"):
        shapes.mapping("aws:ec2/ami:Ami")
    with pytest.raises(shapes.UnknownTokenError, match=r"getAmi is not in sandbox/plugins/aws/tokens.yaml"):
        shapes.function("aws:ec2/getAmi:getAmi")


def test_the_table_that_errors_name_is_there() -> None:
    assert generate.TOKENS.as_posix().endswith("sandbox/plugins/aws/tokens.yaml")
    assert re.search(r"^shapes:", (generate.TOKENS.parents[3] / "Makefile").read_text(), re.MULTILINE)


def test_types_are_found_under_the_names_that_the_bridge_gives_them() -> None:
    assert shapes.bridge_token("aws_launch_template") == "aws:index/launchTemplate:LaunchTemplate"
    assert shapes.bridge_token("aws_ami", prefix="get") == "aws:index/getAmi:getAmi"
    assert "handler" in generate.sdk_properties("aws:lambda/function:Function")
