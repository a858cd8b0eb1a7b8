"""AWS's Price List, which moto lacks: GetProducts in AWS's shape, with prices that are test values."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws.errors import AwsError, answer
from sandbox.aws.scope import signed_for

SERVICE = "pricing"
OPERATION = "AWSPriceListService.GetProducts"
PAGE = 100
"""AWS's largest page, and its default."""
EFFECTIVE, PUBLISHED, VERSION = "2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "20000101000000"
"""No real price list has this date."""
ON_DEMAND, PER_UNIT, RESERVED = "JRTCKXETXF", "6YS6EN2CT7", "38NPMPTW36"
"""AWS's codes: an offer on demand, its price by unit, and a reserved year."""

Json = Any
Attributes = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product of a region; `usage` is its usage type without the region's prefix."""

    service: str
    family: str
    usage: str
    unit: str
    usd: Decimal
    attributes: Attributes

    def listed(self, region: str) -> dict[str, Json]:
        """The product in the form of the Price List."""
        attributes = {
            "servicecode": self.service,
            "locationType": "AWS Region",
            "regionCode": region,
            "usagetype": f"{_prefix(region)}{self.usage}",
            **self.attributes,
        }
        identity = json.dumps([self.family, attributes], sort_keys=True)
        sku = base64.b32encode(hashlib.sha256(identity.encode()).digest()).decode()[:16]
        terms: dict[str, Json] = {"OnDemand": self._term(sku, ON_DEMAND, self.usd)}
        if "instanceType" in self.attributes:
            terms["Reserved"] = self._term(sku, RESERVED, self.usd / 2)
        product: dict[str, Json] = {"productFamily": self.family, "attributes": attributes, "sku": sku}
        if not self.family:
            del product["productFamily"]
        return {
            "product": product,
            "serviceCode": self.service,
            "terms": terms,
            "version": VERSION,
            "publicationDate": PUBLISHED,
        }

    def _term(self, sku: str, offer: str, usd: Decimal) -> dict[str, Json]:
        rate = f"{sku}.{offer}.{PER_UNIT}"
        dimension = {
            "unit": self.unit,
            "endRange": "Inf",
            "description": f"test value: ${usd} per {self.unit}",
            "appliesTo": [],
            "rateCode": rate,
            "beginRange": "0",
            "pricePerUnit": {"USD": f"{usd:.10f}"},
        }
        term: dict[str, Json] = {
            "priceDimensions": {rate: dimension},
            "sku": sku,
            "effectiveDate": EFFECTIVE,
            "offerTermCode": offer,
            "termAttributes": {},
        }
        return {f"{sku}.{offer}": term}


class PriceList:
    """WSGI middleware that answers for the Price List, and passes on every other call."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scope = signed_for(environ)
        if scope is None or scope.service != SERVICE:
            return self.application(environ, start_response)
        if environ.get("HTTP_X_AMZ_TARGET") != OPERATION:
            raise NotImplementedError(environ.get("HTTP_X_AMZ_TARGET"))
        request = json.loads(environ["wsgi.input"].read())
        try:
            found = _page(request)
        except (binascii.Error, ValueError):
            message = "The pagination token is invalid. Try again without a pagination token."
            error = AwsError("400 Bad Request", "InvalidNextTokenException", message)
            return answer(environ, start_response, SERVICE, error)
        body = json.dumps(found).encode()
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
        return [body]


def _page(request: Mapping[str, Json]) -> dict[str, Json]:
    wanted = [(each["Field"], each["Value"]) for each in request.get("Filters") or [] if each["Type"] == "TERM_MATCH"]
    if len(wanted) != len(request.get("Filters") or []):
        raise NotImplementedError("filters other than TERM_MATCH")
    region = dict(wanted).get("regionCode")
    if region is None:
        raise NotImplementedError("products of all regions")
    start = int(base64.b64decode(request["NextToken"], validate=True)) if "NextToken" in request else 0
    size = min(int(request.get("MaxResults") or PAGE), PAGE)
    listed = [product.listed(region) for product in products() if product.service == request["ServiceCode"]]
    found = [each for each in listed if all(_has(each, field, value) for field, value in wanted)]
    page: dict[str, Json] = {
        "FormatVersion": "aws_v1",
        "PriceList": [json.dumps(each) for each in found[start : start + size]],
    }
    if start + size < len(found):
        page["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return page


def _has(product: Mapping[str, Json], field: str, value: str) -> bool:
    if field == "productFamily":
        return bool(product["product"].get("productFamily") == value)
    return bool(product["product"]["attributes"].get(field) == value)


def _prefix(region: str) -> str:
    """The usage types' prefix, as AWS builds it from most regions' names: area, first letter, number."""
    area, direction, number = region.split("-")[0], region.split("-")[-2], region.split("-")[-1]
    return f"{area.upper()}{direction[0].upper()}{number}-"


@cache
def products() -> tuple[Product, ...]:
    """The products of every region: those that the platform uses, and others that an imprecise question also finds."""
    return (*_instances(), *_by_the_hour(), *_by_the_month())


def _product(service: str, family: str, usage: str, unit: str, usd: str | Decimal, **attributes: str) -> Product:
    return Product(
        service=service, family=family, usage=usage, unit=unit, usd=Decimal(usd), attributes={**attributes}
    )  # fmt: skip


def _instances() -> Iterator[Product]:
    """Every instance type that moto knows, as instance, database and cache node: a price per virtual CPU."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    for name, described in INSTANCE_TYPES.items():
        size = Decimal(described["VCpuInfo"]["DefaultVCpus"])
        for system, factor in (("Linux", 1), ("Windows", 2)):
            yield _product(
                "AmazonEC2", "Compute Instance", f"BoxUsage:{name}", "Hrs", size * factor / 20, instanceType=name,
                operatingSystem=system, tenancy="Shared", preInstalledSw="NA", capacitystatus="Used",
            )  # fmt: skip
        for zones, usage, factor in (("Single-AZ", "InstanceUsage", 1), ("Multi-AZ", "Multi-AZUsage", 2)):
            for engine in ("MySQL", "PostgreSQL"):
                yield _product(
                    "AmazonRDS", "Database Instance", f"{usage}:db.{name}", "Hrs", size * factor / 10,
                    instanceType=f"db.{name}", deploymentOption=zones, databaseEngine=engine,
                )  # fmt: skip
        for engine in ("Redis", "Valkey"):
            yield _product(
                "AmazonElastiCache", "Cache Instance", f"NodeUsage:cache.{name}", "Hrs", size / 12,
                instanceType=f"cache.{name}", cacheEngine=engine,
            )  # fmt: skip


def _by_the_hour() -> Iterator[Product]:
    balancer, addresses = "Load Balancer-Application", "VPCPublicIPv4Address"
    yield _product("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", "0.07")
    yield _product("AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "GB", "0.06")
    yield _product("AWSELB", balancer, "LoadBalancerUsage", "Hrs", "0.03")
    yield _product("AWSELB", balancer, "TS-LoadBalancerUsage", "Hrs", "0.01")
    yield _product("AWSELB", balancer, "LCUUsage", "LCU-Hrs", "0.02")
    yield _product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours", "Hrs", "0.02")
    yield _product("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Bytes", "GB", "0.01")
    yield _product("AmazonVPC", "", "PublicIPv4:InUseAddress", "Hrs", "0.004", group=addresses)
    yield _product("AmazonVPC", "", "PublicIPv4:IdleAddress", "Hrs", "0.003", group=addresses)


def _by_the_month() -> Iterator[Product]:
    firewall = "Web Application Firewall"
    for volume in ("gp2", "gp3"):
        yield _product("AmazonEC2", "Storage", f"EBS:VolumeUsage.{volume}", "GB-Mo", "0.11", volumeApiName=volume)
    for zones, prefix, usd in (("Single-AZ", "RDS:GP3", "0.2"), ("Multi-AZ", "RDS:Multi-AZ-GP3", "0.4")):
        any_engine = {"databaseEngine": "Any", "deploymentOption": zones}
        yield _product("AmazonRDS", "Database Storage", f"{prefix}-Storage", "GB-Mo", usd, **any_engine)
        yield _product("AmazonRDS", "Provisioned IOPS", f"{prefix}-PIOPS", "IOPS-Mo", "0.03", **any_engine)
    yield _product("awskms", "Encryption Key", "KMS-Keys", "Keys", "2")
    yield _product("AWSSecretsManager", "Secret", "AWSSecretsManager-Secrets", "Secrets", "0.5")
    yield _product("AmazonCloudWatch", "Alarm", "CW:AlarmMonitorUsage", "Alarms", "0.2", alarmType="Standard")
    yield _product(
        "AmazonCloudWatch", "Alarm", "CW:HighResAlarmMonitorUsage", "Alarms", "0.4", alarmType="High Resolution"
    )
    yield _product("awswaf", firewall, "WebACLV2", "Month", "6")
    yield _product("awswaf", firewall, "ShieldProtected-WebACLV2", "Month", "0")
    yield _product("awswaf", firewall, "RuleV2", "Month", "1.5")
