"""The whole edge: its needs, the changes of a flip, and its protection."""

import ast
import json
from collections import Counter
from typing import Any

import pytest
from edges import (
    PROVIDER,
    RECORD,
    SECRETS,
    balancer,
    composed,
    declared,
    edge,
    edge_settings,
    region_outputs,
)
from fake_cloud import Cloud, Record
from pulumi_aws import Region
from stack_files import ROOT

from components.web.load_balancer import HOST_RULES
from outputs import EdgeOutputs

STACKS = edge_settings().regions
DOMAIN = edge_settings().domain
LIVE = {"apex": DOMAIN} | {role: f"{role}.{DOMAIN}" for role in ("www", "app", "api", "admin", "monitoring")}
LIVE_NAMES = set(LIVE.values())
DNSSEC = "cloudflare:index/zoneDnssec:ZoneDnssec"


def contents(cloud: Cloud[EdgeOutputs]) -> dict[str, str]:
    """The target of each proxied name."""
    return {r.inputs["name"]: r.inputs["content"] for r in cloud.of(RECORD) if r.inputs["proxied"]}


def everything(record: Record) -> dict[str, Any]:
    """Everything that the engine gets about a resource, input by input."""
    return {**record.inputs, "protect": record.protect, "parent": record.parent, "provider": record.provider}


def changes(before: Cloud[EdgeOutputs], after: Cloud[EdgeOutputs]) -> set[tuple[str, str]]:
    """The inputs that differ between two runs of the program, as resource and input."""
    old, new = ({r.urn: everything(r) for r in cloud.resources} for cloud in (before, after))
    assert old.keys() == new.keys()
    return {
        (urn.rpartition("::")[2], name)
        for urn in old
        for name in old[urn].keys() | new[urn].keys()
        if old[urn].get(name) != new[urn].get(name)
    }


def test_the_edge_needs_cloudflare_and_the_outputs_of_the_regions_and_nothing_else() -> None:
    packages = {resource.type.split(":")[0] for resource in edge().resources if resource.custom}
    assert packages == {"cloudflare", "pulumi"}
    assert [r.type for r in edge().resources if r.type.startswith("pulumi:providers:")] == [PROVIDER]
    assert {resource.provider.rpartition("::")[0] for resource in declared(edge())} == {edge().one(PROVIDER).urn}


def test_nothing_of_the_edge_names_a_region_of_aws() -> None:
    told = json.dumps([everything(resource) for resource in edge().resources] + [edge().exports])
    assert [region.value for region in Region if region.value in told] == []


def test_no_part_of_the_edge_imports_what_calls_aws() -> None:
    imported = set()
    for path in [ROOT / "edge.py", *(ROOT / "components" / "edge").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
    assert {"pulumi_aws", "boto3", "botocore", "region"} & imported == set()


def test_two_outputs_of_each_region_are_enough() -> None:
    assert {len(region_outputs(stack)) for stack in STACKS} == {2}
    assert edge().exports["origins"].keys() == set(STACKS)


def test_visitors_reach_the_live_region_by_the_apex() -> None:
    for live in STACKS:
        found = contents(edge(live))
        assert found[DOMAIN] == balancer(live)
        assert {found[name] for name in LIVE_NAMES - {DOMAIN}} == {DOMAIN}


def test_each_region_has_a_name_that_stays() -> None:
    for live in STACKS:
        found = contents(edge(live))
        assert {name: found[name] for name in found.keys() - LIVE_NAMES} == {
            f"origin-{stack}.{DOMAIN}": balancer(stack) for stack in STACKS
        }


def test_a_flip_changes_one_record_and_nothing_else() -> None:
    prod, dr = (edge(stack) for stack in ("prod", "dr"))
    assert changes(prod, dr) == {("dns-apex", "content")}
    assert {name for name in prod.exports if prod.exports[name] != dr.exports[name]} == {"live"}


def test_every_name_at_the_edge_is_answered_by_the_load_balancers() -> None:
    answered = {name for rule in HOST_RULES for name in rule.hosts(DOMAIN)}
    assert LIVE_NAMES - answered == set()


def test_a_proxied_record_hides_its_origin_and_the_certificates_record_does_not() -> None:
    (certificate,) = [r for r in edge().of(RECORD) if r.name == "dns-certificate"]
    assert certificate.inputs["name"] == f"_token.{DOMAIN}"
    assert certificate.inputs["content"] == "_answer.acm-validations.aws"
    assert (certificate.inputs["type"], certificate.inputs["proxied"]) == ("CNAME", False)
    assert {r.inputs["ttl"] for r in edge().of(RECORD) if r is not certificate} == {1}


def test_the_registrar_is_given_the_key_in_either_form() -> None:
    assert edge().exports["dnssec"].keys() == {"ds", "flags", "algorithm", "public_key"}


def test_amazon_alone_may_issue_certificates_beside_cloudflare() -> None:
    (caa,) = [r for r in edge().of(RECORD) if r.inputs["type"] == "CAA"]
    assert (caa.inputs["name"], caa.inputs["data"]) == (DOMAIN, {"flags": 0, "tag": "issue", "value": "amazon.com"})


def test_every_record_says_why_it_is_there_in_the_words_that_fit() -> None:
    assert {0 < len(record.inputs["comment"]) <= 100 for record in edge().of(RECORD)} == {True}


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
def test_regions_that_prove_the_domain_differently_are_refused() -> None:
    outputs = {stack: region_outputs(stack) for stack in STACKS}
    outputs["dr"]["certificate_validation_records"][0]["resourceRecordValue"] = "_other.acm-validations.aws."
    with pytest.raises(
        ValueError, match=r"ask for 2 different records for askproai\.de; want regions of one AWS account"
    ):
        composed(edge_settings(), outputs)


def test_dnssec_and_the_records_are_protected_except_those_of_mail() -> None:
    assert {r.type for r in declared(edge()) if r.protect} == {RECORD, DNSSEC}
    open_ = {r.name.split("-")[1] for r in declared(edge()) if r.type in (RECORD, DNSSEC) and not r.protect}
    assert open_ == {"mx", "spf", "dkim", "dmarc"}


def test_a_destroy_meets_the_protection_of_all_parts_first() -> None:
    (guard,) = [r for r in edge().resources if r.type == "askproai:platform:Protection"]
    assert guard.protect
    assert {resource.urn for resource in declared(edge())} - guard.depends_on == set()


def test_nothing_is_protected_once_destruction_is_allowed_by_name() -> None:
    cloud = composed(edge_settings().model_copy(update={"allow_destroy_of": "edge"}))
    assert [resource.name for resource in cloud.resources if resource.protect] == []


def test_nothing_is_an_orphan() -> None:
    components = {resource.urn for resource in edge().resources if not resource.custom}
    assert [resource.name for resource in declared(edge()) if resource.parent not in components] == []


def test_a_renamed_class_keeps_its_type_token() -> None:
    parts = {resource.type.removeprefix("askproai:edge:") for resource in edge().resources if not resource.custom}
    assert parts == {"Access", "Delivery", "Dns", "Firewall", "Tls", "Watch", "askproai:platform:Protection"}


def test_names_at_cloudflare_are_unique() -> None:
    # An address and related records, such as CAA, have the same name; several hosts receive the mail of one domain.
    known = [r.inputs for r in declared(edge()) if "name" in r.inputs]
    names = Counter((of.get("type"), of["name"], of["content"] if of.get("type") == "MX" else "") for of in known)
    assert [name for name, count in names.items() if count > 1] == []


def test_secrets_are_nowhere_in_plain_text() -> None:
    plain = [
        f"{resource.name}.{name}"
        for resource in edge().resources
        for name, value in resource.inputs.items()
        if name not in resource.secrets and any(secret in json.dumps(value) for secret in SECRETS.values())
    ]
    assert plain == []
    told = json.dumps([edge().exports, edge().registered_outputs])
    assert [name for name, secret in SECRETS.items() if secret in told] == []


def test_the_outputs_are_exported_as_they_are() -> None:
    exports = edge().exports
    assert list(exports) == list(EdgeOutputs.__dataclass_fields__)
    assert exports["origins"] == {stack: balancer(stack) for stack in STACKS}
    assert exports["records"].keys() == contents(edge()).keys()
