"""Whole edges on the fake cloud; the committed stack file's is composed once for all tests."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi
from fake_cloud import Cloud, Record, deploy
from stack_files import edge_settings

from outputs import EdgeOutputs
from settings import EdgeSecrets, EdgeSettings

PROVIDER = "pulumi:providers:cloudflare"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"

SECRETS = {
    "cloudflare_api_token": "token-of-forty-characters-as-cloudflare-",
    "origin_pull_certificate": "the-certificate",
    "origin_pull_key": "the-key-of-the-certificate",
}


def balancer(stack: str) -> str:
    """The name of a region's load balancer in these tests."""
    return f"balancer-of-{stack}.elb.example.com"


def region_outputs(stack: str) -> dict[str, Any]:
    """Only the two outputs of a region that the edge reads."""
    domain = edge_settings().domain
    return {
        "load_balancer_dns_name": balancer(stack),
        "certificate_validation_records": [
            {
                "domainName": name,
                "resourceRecordName": f"_token.{domain}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_answer.acm-validations.aws.",
            }
            for name in (domain, f"*.{domain}")
        ],
    }


def composed(settings: EdgeSettings, outputs: Mapping[str, Mapping[str, Any]] | None = None) -> Cloud[EdgeOutputs]:
    """The edge of these settings, with its outputs exported; `outputs` are those of the regions, by stack."""
    # This takes two seconds, so only a process that needs an edge does it.
    from edge import compose

    def build() -> EdgeOutputs:
        secrets = {name: pulumi.Output.secret(value) for name, value in SECRETS.items()}
        record = compose(settings, EdgeSecrets(**secrets))
        record.export()
        return record

    regions = outputs or {stack: region_outputs(stack) for stack in settings.regions}
    stacks = {f"organization/askproai/{stack}": values for stack, values in regions.items()}
    return deploy(build, stack="edge", stacks=stacks)


@cache
def edge(live: str = "prod") -> Cloud[EdgeOutputs]:
    """The edge of the committed stack file, with one of the regions live."""
    return composed(edge_settings().model_copy(update={"live": live}))


def declared(cloud: Cloud[EdgeOutputs]) -> list[Record]:
    """The edge's resources at Cloudflare."""
    return [resource for resource in cloud.resources if resource.custom and resource.type != PROVIDER]


def rules(cloud: Cloud[EdgeOutputs], phase: str) -> dict[str, dict[str, Any]]:
    """The rules of a phase, by their ref, in order."""
    (ruleset,) = [r for r in cloud.of(RULESET) if r.inputs["phase"] == phase]
    return {rule["ref"]: rule for rule in ruleset.inputs["rules"]}
