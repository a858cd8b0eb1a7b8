"""Load balancing on the emulated AWS: trust stores, and listeners that use them."""

from typing import Any

import pytest

from tests.emulator.emulated import REGION, Clients

BUNDLE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.fixture
def elb(aws: Clients) -> Any:
    return aws("elbv2")


def put_bundle(aws: Clients, name: str, content: bytes = BUNDLE) -> dict[str, str]:
    """The arguments that name a bundle which is in a bucket of its own."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="ca.pem", Body=content)
    return {"CaCertificatesBundleS3Bucket": name, "CaCertificatesBundleS3Key": "ca.pem"}


def create_store(aws: Clients, name: str, **more: Any) -> str:
    made: dict[str, Any] = aws("elbv2").create_trust_store(Name=name, **put_bundle(aws, name), **more)
    arn: str = made["TrustStores"][0]["TrustStoreArn"]
    return arn


def create_balancer(aws: Clients, name: str) -> str:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for index, zone in enumerate("ab")
    ]
    made = aws("elbv2").create_load_balancer(Name=name, Subnets=[subnet["SubnetId"] for subnet in subnets])
    arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
    return arn


def create_listener(aws: Clients, name: str, **more: Any) -> tuple[str, str]:
    """The ARNs of a load balancer and of its HTTPS listener."""
    balancer = create_balancer(aws, name)
    certificate = aws("acm").request_certificate(DomainName="example.com")["CertificateArn"]
    listener = aws("elbv2").create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        **more,
    )["Listeners"][0]
    return balancer, listener["ListenerArn"]


def mutual_authentication(elb: Any, listener: str) -> dict[str, Any]:
    found: dict[str, Any] = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["MutualAuthentication"]
    return found


@pytest.mark.fix("elbv2.py:trust_store_is_made")
def test_a_trust_store_counts_the_certificates_it_was_given(aws: Clients, elb: Any, name: str) -> None:
    bundle = put_bundle(aws, name, BUNDLE * 2)
    store = elb.create_trust_store(Name=name, Tags=[{"Key": "Name", "Value": name}], **bundle)["TrustStores"][0]
    assert (store["Name"], store["Status"], store["NumberOfCaCertificates"]) == (name, "ACTIVE", 2)
    tags = elb.describe_tags(ResourceArns=[store["TrustStoreArn"]])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "Name", "Value": name}]


@pytest.mark.fix("elbv2.py:trust_store_is_made")
def test_a_trust_store_reads_its_bundle_at_once(aws: Clients, elb: Any, name: str) -> None:
    bundle = put_bundle(aws, name, b"no certificate")
    with pytest.raises(elb.exceptions.InvalidCaCertificatesBundleException):
        elb.create_trust_store(Name=name, **bundle)
    with pytest.raises(elb.exceptions.CaCertificatesBundleNotFoundException):
        elb.create_trust_store(Name=name, **{**bundle, "CaCertificatesBundleS3Key": "other"})


@pytest.mark.fix("elbv2.py:trust_stores_are_described")
def test_a_trust_store_is_found_by_arn_and_by_name(aws: Clients, elb: Any, name: str) -> None:
    arn = create_store(aws, name)
    for asked in ({"TrustStoreArns": [arn]}, {"Names": [name]}):
        assert [store["TrustStoreArn"] for store in elb.describe_trust_stores(**asked)["TrustStores"]] == [arn]
    with pytest.raises(elb.exceptions.TrustStoreNotFoundException):
        elb.describe_trust_stores(TrustStoreArns=[f"{arn}0"])


@pytest.mark.fix("elbv2.py:trust_store_takes_another_bundle")
def test_a_trust_store_takes_another_bundle(aws: Clients, elb: Any, name: str) -> None:
    arn = create_store(aws, name)
    elb.modify_trust_store(TrustStoreArn=arn, **put_bundle(aws, f"{name}-more", BUNDLE * 3))
    assert elb.describe_trust_stores(TrustStoreArns=[arn])["TrustStores"][0]["NumberOfCaCertificates"] == 3


@pytest.mark.fix("elbv2.py:users_of_a_trust_store_are_listed")
def test_a_trust_store_knows_who_asks_it(aws: Clients, elb: Any, name: str) -> None:
    store = create_store(aws, name)
    assert elb.describe_trust_store_associations(TrustStoreArn=store)["TrustStoreAssociations"] == []
    balancer, _ = create_listener(aws, name, MutualAuthentication={"Mode": "verify", "TrustStoreArn": store})
    users = elb.describe_trust_store_associations(TrustStoreArn=store)["TrustStoreAssociations"]
    assert users == [{"ResourceArn": balancer}]


@pytest.mark.fix("elbv2.py:trust_store_in_use_stays")
def test_a_trust_store_goes_once_nobody_asks_it(aws: Clients, elb: Any, name: str) -> None:
    store = create_store(aws, name)
    _, listener = create_listener(aws, name, MutualAuthentication={"Mode": "verify", "TrustStoreArn": store})
    with pytest.raises(elb.exceptions.TrustStoreInUseException):
        elb.delete_trust_store(TrustStoreArn=store)
    elb.delete_listener(ListenerArn=listener)
    elb.delete_trust_store(TrustStoreArn=store)
    with pytest.raises(elb.exceptions.TrustStoreNotFoundException):
        elb.describe_trust_stores(TrustStoreArns=[store])


@pytest.mark.fix("elbv2.py:trust_store_can_be_tagged")
def test_a_trust_store_takes_tags_later(aws: Clients, elb: Any, name: str) -> None:
    store = create_store(aws, name)
    elb.add_tags(ResourceArns=[store], Tags=[{"Key": "Project", "Value": "askproai"}])
    tags = elb.describe_tags(ResourceArns=[store])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "Project", "Value": "askproai"}]


@pytest.mark.fix("elbv2.py:listener_keeps_whom_it_lets_in")
def test_a_listener_keeps_its_mutual_authentication(aws: Clients, elb: Any, name: str) -> None:
    store = create_store(aws, name)
    _, listener = create_listener(aws, name, MutualAuthentication={"Mode": "verify", "TrustStoreArn": store})
    assert mutual_authentication(elb, listener) == {
        "Mode": "verify",
        "TrustStoreArn": store,
        "IgnoreClientCertificateExpiry": False,
        "AdvertiseTrustStoreCaNames": "off",
    }


@pytest.mark.fix("elbv2.py:listener_keeps_whom_it_lets_in")
def test_a_listener_lets_everyone_in_unless_told(aws: Clients, elb: Any, name: str) -> None:
    _, listener = create_listener(aws, name)
    assert mutual_authentication(elb, listener) == {"Mode": "off"}


@pytest.mark.fix("elbv2.py:listener_lets_others_in")
def test_a_listener_can_stop_to_ask(aws: Clients, elb: Any, name: str) -> None:
    store = create_store(aws, name)
    _, listener = create_listener(aws, name, MutualAuthentication={"Mode": "verify", "TrustStoreArn": store})
    elb.modify_listener(ListenerArn=listener, MutualAuthentication={"Mode": "off"}, Certificates=[], DefaultActions=[])
    assert mutual_authentication(elb, listener) == {"Mode": "off"}
