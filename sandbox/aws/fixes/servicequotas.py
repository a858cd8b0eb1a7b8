"""Service Quotas: what an account is allowed, and how it asks for more."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from sandbox.aws.fixes.fix import replaces


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota that moto lacks: AWS's default value, and where AWS says so."""

    service: str
    service_name: str
    code: str
    name: str
    value: float
    source: str


GENERAL_REFERENCE = "AWS General Reference, endpoints and quotas of the service"
QUOTAS = (
    Quota(
        service="ec2",
        service_name="Amazon Elastic Compute Cloud (Amazon EC2)",
        code="L-1216C47A",
        name="Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        value=5,
        source="AWS CLI User Guide, get-aws-default-service-quota",
    ),
    Quota(
        service="ec2",
        service_name="Amazon Elastic Compute Cloud (Amazon EC2)",
        code="L-0263D0A3",
        name="EC2-VPC Elastic IPs",
        value=5,
        source=GENERAL_REFERENCE,
    ),
    Quota(
        service="rds",
        service_name="Amazon Relational Database Service (Amazon RDS)",
        code="L-7B6409FD",
        name="DB instances",
        value=40,
        source=GENERAL_REFERENCE,
    ),
    Quota(
        service="elasticloadbalancing",
        service_name="Elastic Load Balancing (ELB)",
        code="L-53DA6B97",
        name="Application Load Balancers per Region",
        value=50,
        source=GENERAL_REFERENCE,
    ),
)
GRANTED = {"L-1216C47A": 256.0}
"""What AWS has raised for the sandbox's account, as it must for any: the default starts no web host of 8 vCPUs."""


@replaces(ServiceQuotasBackend, "list_aws_default_service_quotas")
def defaults_of_more_services(stock: Any, self: ServiceQuotasBackend, service_code: str) -> list[dict[str, Any]]:
    """moto has the quotas of VPC alone."""
    found = [_row(quota, self.region_name) for quota in QUOTAS if quota.service == service_code]
    return found or stock(self, service_code)


@replaces(ServiceQuotasResponse, "get_aws_default_service_quota")
def one_default_reads_back(stock: Any, self: ServiceQuotasResponse) -> str:
    """moto has no operation for one default."""
    asked = json.loads(self.body)
    return json.dumps({"Quota": _default(self.backend, asked["ServiceCode"], asked["QuotaCode"])})


@replaces(ServiceQuotasBackend, "get_service_quota")
def quota_is_what_the_account_was_granted(
    stock: Any, self: ServiceQuotasBackend, service_code: str, quota_code: str
) -> dict[str, Any]:
    """moto has the quotas of VPC alone, and none that was raised."""
    quota = _default(self, service_code, quota_code)
    return {**quota, "Value": _granted(self).get(quota_code, quota["Value"])}


@replaces(ServiceQuotasResponse, "request_service_quota_increase")
def more_is_granted_at_once(stock: Any, self: ServiceQuotasResponse) -> str:
    """moto cannot raise a quota. AWS decides on a request, and may refuse it.

    A new value is above the current one (Service Quotas User Guide, "Requesting a quota increase").
    """
    asked = json.loads(self.body)
    code, wanted = asked["QuotaCode"], float(asked["DesiredValue"])
    current = self.backend.get_service_quota(asked["ServiceCode"], code)["Value"]
    if wanted <= current:
        raise JsonRESTError("IllegalArgumentException", f"{wanted} is not greater than the current value, {current}")
    _granted(self.backend)[code] = wanted
    return json.dumps({"RequestedQuota": {**asked, "Id": secrets.token_hex(16), "Status": "APPROVED"}})


def _default(backend: ServiceQuotasBackend, service: str, code: str) -> dict[str, Any]:
    for row in backend.list_aws_default_service_quotas(service):
        if row["QuotaCode"] == code:
            return row
    raise NoSuchResource


def _granted(backend: ServiceQuotasBackend) -> dict[str, float]:
    granted: dict[str, float] = vars(backend).setdefault("granted", dict(GRANTED))
    return granted


def _row(quota: Quota, region: str) -> dict[str, Any]:
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service_name,
        "QuotaArn": f"arn:aws:servicequotas:{region}::{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": quota.value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
