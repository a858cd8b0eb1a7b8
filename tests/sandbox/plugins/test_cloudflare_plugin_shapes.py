"""The Cloudflare plugin's tables and conversions: true to the installed SDKs, and without loss."""

import importlib.metadata
import subprocess
import sys
from typing import Any

import pytest
from edges import declared, edge, rules
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st
from stack_files import ROOT

from sandbox.cloudflare import request_schemas
from sandbox.cloudflare.edge import Visit
from sandbox.cloudflare.expressions import evaluate
from sandbox.plugins.cloudflare import properties, shapes
from sandbox.plugins.cloudflare.generate import REQUESTS
from sandbox.plugins.cloudflare.kinds import KINDS
from sandbox.plugins.cloudflare.properties import Secret, Unknown

TOKENS = {kind.type: kind.token for kind in KINDS.values()}
SCALARS = st.one_of(st.text(max_size=5), st.booleans(), st.integers(-9, 9), st.floats(-1, 1), st.just(Unknown()))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3),
        inner.map(Secret),
    ),
    max_leaves=8,
)


def shape(name: str) -> shapes.Shape:
    return shapes.shape(TOKENS[name])


def test_the_tables_are_those_of_the_installed_sdks() -> None:
    for table, sdk in ((request_schemas.table(), "cloudflare"), (shapes.table(), "pulumi-cloudflare")):
        assert table["sdk"] == importlib.metadata.version(sdk), (
            "run both `generate`s, as tests/emulator/cloudflare says"
        )


def test_the_plugin_and_the_api_take_all_that_the_edge_declares() -> None:
    found = declared(edge())
    assert found
    for record in found:
        assert record.type in KINDS
        inputs = properties.read(ParseDict(record.inputs, Struct()))
        assert shapes.unknown_arguments(inputs, shapes.shape(record.type), shapes.inputs(record.type)) == []
        kind = KINDS[record.type]
        body = {name: value for name, value in inputs.items() if name not in (*kind.owners, kind.own_id)}
        request_schemas.check(REQUESTS[kind.type], shapes.to_api(body, shapes.shape(record.type)))


@pytest.mark.parametrize("phase", ["http_request_firewall_custom", "http_request_dynamic_redirect"])
def test_the_emulated_edge_evaluates_every_rule_that_it_should_honour(phase: str) -> None:
    visit = Visit("GET", "api.example.com", "/a/b.css", "", {}, b"", "192.0.2.1")
    for rule in rules(edge(), phase).values():
        assert evaluate(rule["expression"], visit.fields) in (True, False)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_every_name_in_a_row_is_a_property_of_its_type(kind: Any) -> None:
    inputs = set(shapes.inputs(kind.token))
    named = {*kind.owners, *kind.replaces, *kind.hidden, *kind.equal, *kind.items, *filter(None, [kind.own_id])}
    assert named <= inputs
    assert {name for name in kind.defaults if "." not in name} <= inputs
    for path in (name for name in kind.defaults if "." in name):
        outer, inner = path.replace("[]", "").split(".")
        assert inner in shapes.shape(kind.token)[outer][2]


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("DnsRecord", {"settings": {"ipv4Only": True}}, {"settings": {"ipv4_only": True}}),
        ("Healthcheck", {"httpConfig": {"header": {"X-Host": ["a"]}}}, {"http_config": {"header": {"X-Host": ["a"]}}}),
        ("NotificationPolicy", {"mechanisms": {"emails": [{"id": "a"}]}}, {"mechanisms": {"email": [{"id": "a"}]}}),
        ("NotificationPolicy", {"filters": {"healthCheckIds": ["1"]}}, {"filters": {"health_check_id": ["1"]}}),
        ("ZeroTrustAccessPolicy", {"includes": [{"azureAd": {"id": "1"}}]}, {"include": [{"azureAD": {"id": "1"}}]}),
        ("ZeroTrustAccessApplication", {"serviceAuth401Redirect": True}, {"service_auth_401_redirect": True}),
        ("ZoneSetting", {"value": {"a_b": {"c_d": 1}}}, {"value": {"a_b": {"c_d": 1}}}),
        (
            "Ruleset",
            {"rules": [{"actionParameters": {"edgeTtl": {"statusCodeTtls": [{"statusCodeRange": {"from": 1}}]}}}]},
            {"rules": [{"action_parameters": {"edge_ttl": {"status_code_ttl": [{"status_code_range": {"from": 1}}]}}}]},
        ),
    ],
)
def test_names_are_those_of_the_api_and_back(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert shapes.to_api(ours, shape(name)) == theirs
    assert shapes.from_api(theirs, shape(name)) == ours


def test_what_pulumi_does_not_know_is_left_out_and_an_object_is_a_text_where_it_wants_one() -> None:
    read = shapes.from_api({"name": "a", "comment": None, "zone_name": "b", "meta": {"x": 1}}, shape("DnsRecord"))
    assert read == {"name": "a", "meta": '{"x": 1}'}


def test_the_api_is_sent_secrets_in_the_clear() -> None:
    sent = shapes.to_api({"privateKey": Secret("key")}, shape("AuthenticatedOriginPullsCertificate"))
    assert sent == {"private_key": "key"}


@pytest.mark.parametrize(
    ("name", "inputs", "unknown"),
    [
        ("DnsRecord", {"name": "a", "contents": "b"}, ["contents"]),
        ("DnsRecord", {"name": "a", "createdOn": "b"}, ["createdOn"]),
        ("Ruleset", {"rules": [{"action": "block"}, {"acton": "block"}]}, ["rules[1].acton"]),
        ("Ruleset", {"rules": Secret([{"acton": "block"}])}, ["rules[0].acton"]),
        (
            "Ruleset",
            {"rules": [{"actionParameters": {"fromValue": {"status": 1}}}]},
            ["rules[0].actionParameters.fromValue.status"],
        ),
        ("Healthcheck", {"httpConfig": {"header": {"anything": ["a"]}}}, []),
        ("ZoneSetting", {"value": {"anything": 1}}, []),
        ("DnsRecord", {"settings": Unknown(), "__defaults": []}, []),
    ],
)
def test_an_argument_that_a_type_does_not_have_is_named(name: str, inputs: dict[str, Any], unknown: list[str]) -> None:
    assert shapes.unknown_arguments(inputs, shape(name), shapes.inputs(TOKENS[name])) == unknown


@settings(max_examples=100)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, max_size=4))
def test_properties_go_to_the_engine_and_back_without_loss(values: dict[str, Any]) -> None:
    assert properties.read(properties.write(values)) == values


def test_the_engines_own_forms_are_understood() -> None:
    secret = {properties.SIGNATURE_KEY: properties.SECRET, "value": "s"}
    output = {properties.SIGNATURE_KEY: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    given = {"a": secret, "b": next(iter(properties.UNKNOWNS)), "c": output, "d": {**output, "value": 1}, "e": None}
    read = properties.read(ParseDict(given, Struct()))
    assert read == {"a": Secret("s"), "b": Unknown(), "c": Unknown(), "d": 1}
    assert MessageToDict(properties.write({"a": Secret("s")})) == {"a": secret}


def test_the_plugin_starts_without_the_sdks_and_without_an_http_client() -> None:
    look = (
        "import sys, sandbox.plugins.cloudflare.__main__;"
        "heavy = {'pulumi', 'pulumi_cloudflare', 'cloudflare', 'http.client', 'yaml', 'importlib.metadata'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    answer = subprocess.run([sys.executable, "-c", look], cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert answer.stderr == ""
