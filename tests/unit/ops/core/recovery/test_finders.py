"""Every declared type can be found if its state is lost, or need not be."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import edges
import pytest
import regions
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import get_session
from botocore.stub import ANY, Stubber
from fake_cloud import Record

from ops.core import aws
from ops.core.cloudflare import EdgeApi
from ops.core.engine import UNKNOWN
from ops.core.recovery.adoption import taken
from ops.core.recovery.finders import AGAIN, FINDERS, NotKnownYetError, Wanted
from ops.core.recovery.states import State

# Our own type: the protection against destroy exists in no cloud.
DYNAMIC = "pulumi-python:dynamic"
QUERY = "aws:cloudwatch/queryDefinition:QueryDefinition"
KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
PROVIDER = {"urn": "urn::aws", "type": "pulumi:providers:aws", "id": "1", "inputs": {"region": KEYS["region_name"]}}
EMPTY = EdgeApi(lambda name: f"the secret {name}")


class NothingThere:
    """An empty AWS: lists are empty, and single resources are not found."""

    def __init__(self, service: str) -> None:
        self._service = service

    def can_paginate(self, _operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Any:
        def call(**_arguments: Any) -> dict[str, Any]:
            if operation == "get_caller_identity":
                return {"Account": "123456789012"}
            if operation.startswith(("get_", "head_", "describe_key", "describe_delivery")):
                answer: Any = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
                raise ClientError(answer, operation)
            assert lists_of(self._service, operation) == 1
            return {}

        return call


def everything_declared() -> list[Record]:
    clouds = [regions.region("prod"), regions.region("dr"), regions.serving("dr"), edges.edge()]
    found = [record for cloud in clouds for record in cloud.resources if record.custom]
    return [record for record in found if not record.type.startswith(("pulumi:", DYNAMIC))]


def one_of_each_type() -> list[Record]:
    return list({record.type: record for record in everything_declared()}.values())


def wanted(record: Record, inputs: Mapping[str, Any] | None = None) -> Wanted:
    given = record.inputs if inputs is None else inputs
    return Wanted(type=record.type, name=record.name, inputs=given, edge=EMPTY, region="eu-central-1")


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", _nothing_there)
    monkeypatch.setattr(EdgeApi, "rows", _no_rows)
    monkeypatch.setattr(EdgeApi, "one_or_none", _nothing)


def _nothing_there(service: str, _region: str) -> NothingThere:
    return NothingThere(service)


def lists_of(service: str, operation: str) -> int:
    """How many lists the answer to an operation has, by AWS's own model: rows are taken from the one."""
    models = {xform_name(name): name for name in service_model(service).operation_names}
    answer = service_model(service).operation_model(models[operation]).output_shape
    return sum(member.type_name == "list" for member in answer.members.values())


@cache
def service_model(service: str) -> Any:
    return get_session().get_service_model(service)


def _no_rows(_api: EdgeApi, _path: str, **_query: Any) -> list[dict[str, Any]]:
    return []


def _nothing(_api: EdgeApi, _path: str) -> None:
    return None


def test_every_declared_type_has_one_row() -> None:
    declared = {record.type for record in everything_declared()}
    assert declared - FINDERS.keys() - AGAIN.keys() == set()
    assert FINDERS.keys() & AGAIN.keys() == set()


def test_no_row_is_left_of_a_type_that_is_gone() -> None:
    declared = {record.type for record in everything_declared()}
    assert (FINDERS.keys() | AGAIN.keys()) - declared == set()


@pytest.mark.usefixtures("nothing_there")
def test_finders_need_no_input_that_the_program_does_not_give() -> None:
    found = {r.type: FINDERS[r.type].find(wanted(r)) for r in one_of_each_type() if r.type in FINDERS}
    assert {type_token: rows for type_token, rows in found.items() if rows} == {}


@pytest.mark.usefixtures("nothing_there")
def test_a_thing_of_the_state_is_identified_as_its_finder_would() -> None:
    for record in one_of_each_type():
        if record.type in FINDERS:
            identified = FINDERS[record.type].identified(wanted(record), "the-id")
            assert identified
            assert "None" not in identified


@pytest.mark.parametrize(
    ("type_token", "input_name"),
    [("aws:ec2/subnet:Subnet", "vpcId"), ("aws:lb/listener:Listener", "loadBalancerArn")],
)
@pytest.mark.usefixtures("nothing_there")
def test_what_hangs_on_something_not_found_yet_is_looked_for_later(type_token: str, input_name: str) -> None:
    record = next(record for record in one_of_each_type() if record.type == type_token)
    with pytest.raises(NotKnownYetError):
        FINDERS[type_token].find(wanted(record, {**record.inputs, input_name: UNKNOWN}))


def test_a_query_of_logs_is_found_by_its_whole_name_and_imported_by_its_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's prefix filter also finds similar names; botocore validates request and answer."""
    clients = {name: boto3.client(name, **KEYS) for name in ("logs", "sts")}
    rows = [{"queryDefinitionId": "1", "name": "a/errors"}, {"queryDefinitionId": "2", "name": "a/errors-an-hour"}]
    with Stubber(clients["logs"]) as logs, Stubber(clients["sts"]) as sts:
        logs.add_response("describe_query_definitions", {"queryDefinitions": rows}, {"queryDefinitionNamePrefix": ANY})
        for _ in range(2):
            sts.add_response("get_caller_identity", {"Account": "123456789012"})

        def client(service: str, _region: str) -> Any:
            return clients[service]

        monkeypatch.setattr(aws, "client", client)
        query = next(record for record in one_of_each_type() if record.type == QUERY)
        [found] = FINDERS[QUERY].find(wanted(query, {"name": "a/errors"}))
        assert found == "arn:aws:logs:eu-central-1:123456789012:query-definition:1"
        known = {"urn": query.name, "type": QUERY, "id": "1", "inputs": {"name": "a/errors"}}
        state = State({"deployment": {"resources": [PROVIDER, {**known, "provider": f"{PROVIDER['urn']}::1"}]}})
        assert taken(state, QUERY, EMPTY) == {found}


def test_the_vpn_is_found_by_its_tag_and_what_hangs_on_it_by_what_it_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulated AWS has no Client VPN: botocore validates request and answer."""
    ec2 = boto3.client("ec2", **KEYS)
    made = {
        record.type.split(":")[-1]: record
        for record in one_of_each_type()
        if record.type.startswith("aws:ec2clientvpn/")
    }
    name = made["Endpoint"].inputs["tags"]["Name"]

    def endpoint(number: int, tag: str, state: str) -> dict[str, Any]:
        return {"ClientVpnEndpointId": f"e{number}", "Tags": [{"Key": "Name", "Value": tag}], "Status": {"Code": state}}

    def found(kind: str, **inputs: str) -> list[str]:
        record = made[kind]
        return FINDERS[record.type].find(wanted(record, {**record.inputs, **inputs}))

    states = {"associated": "s1", "disassociated": "s1", "associating": "s2"}
    networks = [
        {"AssociationId": f"a-{state}", "TargetNetworkId": subnet, "Status": {"Code": state}}
        for state, subnet in states.items()
    ]
    rules = [
        {"DestinationCidr": cidr, "Status": {"Code": state}}
        for cidr, state in (("10.9.0.0/20", "active"), ("10.9.16.0/20", "revoking"))
    ]

    def client(_service: str, _region: str) -> Any:
        return ec2

    monkeypatch.setattr(aws, "client", client)
    with Stubber(ec2) as stub:
        endpoints = [endpoint(1, "other", "available"), endpoint(2, name, "deleted"), endpoint(3, name, "available")]
        stub.add_response("describe_client_vpn_endpoints", {"ClientVpnEndpoints": endpoints}, {})
        assert found("Endpoint") == ["e3"]
        of_it = {"ClientVpnEndpointId": "e3"}
        stub.add_response("describe_client_vpn_target_networks", {"ClientVpnTargetNetworks": networks}, of_it)
        assert found("NetworkAssociation", clientVpnEndpointId="e3", subnetId="s1") == ["e3,a-associated"]
        for cidr, there in (("10.9.0.0/20", True), ("10.9.16.0/20", False)):
            stub.add_response("describe_client_vpn_authorization_rules", {"AuthorizationRules": rules}, of_it)
            wanted_rule = found("AuthorizationRule", clientVpnEndpointId="e3", targetNetworkCidr=cidr)
            assert wanted_rule == [f"e3,{cidr}"] * there
