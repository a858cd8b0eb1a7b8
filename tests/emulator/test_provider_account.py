"""The call with which the AWS plugin replaces its provider's own during configuration."""

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from sandbox.plugins.aws.account import allowed
from tests.emulator.emulated import ACCOUNT, PATIENCE_SECONDS, REGION, Control, calls, until


def configuration(accounts: str = f'["{ACCOUNT}"]') -> Struct:
    return ParseDict({"region": REGION, "allowedAccountIds": accounts}, Struct())


@pytest.fixture(autouse=True)
def credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", endpoint), ("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr("sandbox.plugins.aws.account.QUICK_SECONDS", PATIENCE_SECONDS)


def test_it_is_one_call_to_the_region_as_the_providers_own(control: Control) -> None:
    assert allowed(configuration())
    assert control("GET", "calls") == {REGION: {"sts": {"all": 1, "blocked": 0}}}


def test_an_account_that_the_program_does_not_allow_is_the_providers_to_refuse() -> None:
    assert not allowed(configuration('["111111111111"]'))
    assert allowed(configuration(""))


@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_a_region_that_is_lost_is_the_providers_to_find_out(
    control: Control, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.plugins.aws.account.QUICK_SECONDS", 0.2)
    control("PUT", f"blackout/{REGION}?mode={mode}")
    assert not allowed(configuration())
    until(lambda: calls(control, "sts") == 1)


def test_credentials_from_elsewhere_are_the_providers_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert not allowed(configuration())
