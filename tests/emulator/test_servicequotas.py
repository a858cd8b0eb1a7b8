"""Service Quotas on the emulated AWS."""

import pytest
from botocore.exceptions import ClientError

from ops.bootstrap.quotas import QUOTAS, Quota
from tests.emulator.emulated import OTHER_REGION, Clients

VCPUS = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}


@pytest.mark.fix("servicequotas.py:quota_is_what_the_account_was_granted")
def test_the_account_was_granted_more_vcpus_than_the_default(aws: Clients) -> None:
    quota = aws("service-quotas").get_service_quota(**VCPUS)["Quota"]
    assert quota["QuotaName"] == "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
    assert quota["Value"] == 256


@pytest.mark.fix("servicequotas.py:one_default_reads_back")
def test_the_default_number_of_vcpus_is_aws_s(aws: Clients) -> None:
    assert aws("service-quotas").get_aws_default_service_quota(**VCPUS)["Quota"]["Value"] == 5


@pytest.mark.fix("servicequotas.py:defaults_of_more_services")
@pytest.mark.parametrize("quota", [quota for quota in QUOTAS if quota.service != "vpc"], ids=lambda quota: quota.code)
def test_every_quota_that_the_platform_asks_for_is_listed(aws: Clients, quota: Quota) -> None:
    listed = aws("service-quotas").list_aws_default_service_quotas(ServiceCode=quota.service)["Quotas"]
    assert quota.code in {row["QuotaCode"] for row in listed}


@pytest.mark.fix("servicequotas.py:more_is_granted_at_once")
def test_an_increase_holds_in_its_region_alone(aws: Clients) -> None:
    quotas, there = aws("service-quotas", "eu-north-1"), aws("service-quotas", OTHER_REGION)
    before = there.get_service_quota(**VCPUS)["Quota"]["Value"]
    asked = quotas.request_service_quota_increase(**VCPUS, DesiredValue=before + 1)["RequestedQuota"]
    assert asked["Status"] == "APPROVED"
    assert quotas.get_service_quota(**VCPUS)["Quota"]["Value"] == before + 1
    assert there.get_service_quota(**VCPUS)["Quota"]["Value"] == before
    with pytest.raises(ClientError, match="IllegalArgumentException"):
        there.request_service_quota_increase(**VCPUS, DesiredValue=before)


def test_a_quota_that_is_not_known_is_not_there(aws: Clients) -> None:
    with pytest.raises(ClientError, match="NoSuchResource"):
        aws("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
