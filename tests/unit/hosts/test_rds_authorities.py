"""The certificate authorities with which a host verifies RDS."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from stack_files import ROOT, settings_of

from hosts.contents import RDS_AUTHORITIES

NAME = re.compile(r"Amazon RDS (?P<region>[a-z0-9-]+) Root CA RSA2048 G1")
"""For the authorities behind `rds-ca-rsa2048-g1`, the issuer of the database's certificate."""
FOUND = x509.load_pem_x509_certificates((ROOT / "hosts" / "common" / RDS_AUTHORITIES.removeprefix("/")).read_bytes())


def name(certificate: x509.Certificate) -> str:
    (attribute,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(attribute.value)


def test_each_is_an_authority_of_rds_that_signed_itself_and_lasts() -> None:
    assert [name(each) for each in FOUND if not NAME.fullmatch(name(each))] == []
    for certificate in FOUND:
        certificate.verify_directly_issued_by(certificate)
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=10 * 365)


@pytest.mark.parametrize("stack", ["prod", "dr"])
def test_the_one_of_each_region_is_there(stack: str) -> None:
    assert settings_of(stack).region in {found["region"] for each in FOUND if (found := NAME.fullmatch(name(each)))}
