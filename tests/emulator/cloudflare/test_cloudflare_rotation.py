"""Rotation of the origin-pull certificate: what the edge presents, and what an origin accepts."""

from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from ops.bootstrap import former_certificates, origin_pull
from ops.bootstrap.prerequisite import Prerequisite
from ops.bootstrap.state_backend import StateBackend
from ops.core.cloudflare import TOKEN as TOKEN_NAME
from ops.core.cloudflare import EdgeApi
from sandbox.cloudflare.store import Store
from sandbox.plugins.cloudflare.properties import Secret
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from tests.emulator.cloudflare.conftest import TRUSTED
from tests.emulator.cloudflare.emulated import DOMAIN, TOKEN, ZONE, Emulated
from tests.emulator.cloudflare.engine import Engine
from tests.emulator.emulated import PATIENCE_SECONDS

FORMER, NEW = origin_pull.make(DOMAIN), origin_pull.make(DOMAIN)
BOTH = f"{FORMER.authority}\n{NEW.authority}"
BACKEND = StateBackend(
    region="r", copy_region="c", account_id="1", cost_center="x", domain=DOMAIN, region_stacks=("prod", "dr"),
    edge_stack="edge",
)  # fmt: skip
NEVER = 3600.0


@pytest.fixture(autouse=True)
def trusted() -> Iterator[list[str]]:
    yield TRUSTED
    TRUSTED.clear()


@pytest.fixture
def served(emulated: Emulated, store: Store) -> Iterator[Callable[[], bool]]:
    """Whether a visitor is served by an origin that asks for a certificate; deploying one takes a while."""
    emulated.record("app", content="mutual.example.com")
    emulated.made(f"/zones/{ZONE}/origin_tls_client_auth/settings", {"enabled": True}, "PUT")
    store.deployment_seconds = NEVER

    def ask() -> bool:
        connection = HTTPConnection(emulated.url.removeprefix("http://"), timeout=PATIENCE_SECONDS)
        connection.request("GET", "/", headers={"Host": f"app.{DOMAIN}", "X-Sandbox-Client-Certificate": "mine"})
        status = connection.getresponse().status
        connection.close()
        return status == 201

    yield ask
    store.deployment_seconds = 0.0


def uploaded(provider: CloudflareProvider, pair: origin_pull.OriginPull) -> Engine:
    inputs = {"zoneId": ZONE, "certificate": pair.certificate, "privateKey": Secret(pair.key)}
    return Engine(provider, "AuthenticatedOriginPullsCertificate").create(inputs)


@pytest.fixture
def until_deployed(store: Store) -> Callable[[Engine], None]:
    """Advances the time by the deployment of a certificate."""

    def wait(state: Engine) -> None:
        store.deployment_seconds = 0.0
        assert (state.refresh(), state.state["status"]) == (True, "active")
        store.deployment_seconds = NEVER

    return wait


@pytest.fixture
def removal(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> tuple[Prerequisite, dict[str, str]]:
    """What bootstrap removes, with the new certificate in the edge's file, and what the regions trust."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{emulated.url}/client/v4")
    known = dict.fromkeys(BACKEND.region_stacks, BOTH)

    class Secrets:
        def secret(self, stack: str, _name: str) -> str:
            return known[stack]

        def set_secret(self, stack: str, name: str, value: str) -> None:
            assert name == "origin_pull_ca"
            known[stack] = value

    monkeypatch.setattr(former_certificates, "Engine", Secrets)
    secrets = {TOKEN_NAME: TOKEN, "origin_pull_certificate": NEW.certificate}
    (prerequisite,) = former_certificates.prerequisites(BACKEND, EdgeApi(secrets.__getitem__), ZONE)
    return prerequisite, known


def test_a_rotation_by_the_steps_of_the_readme_never_loses_a_visitor(
    provider: CloudflareProvider, served: Callable[[], bool], removal: tuple[Prerequisite, dict[str, str]],
    trusted: list[str], until_deployed: Callable[[Engine], None],
) -> None:  # fmt: skip
    former_removed, known = removal
    trusted[:] = [FORMER.authority]
    until_deployed(uploaded(provider, FORMER))
    assert served()
    assert former_removed.exists()  # Nothing may be removed while the new one is not deployed.
    trusted[:] = [FORMER.authority, NEW.authority]
    assert served()
    new = uploaded(provider, NEW)
    assert (new.state["status"], served(), former_removed.exists()) == ("pending_deployment", True, True)
    until_deployed(new)
    assert (served(), former_removed.exists()) == (True, False)
    former_removed.make()
    assert (served(), former_removed.exists()) == (True, True)
    assert {authority.strip() for authority in known.values()} == {NEW.authority.strip()}
    trusted[:] = [NEW.authority]
    assert served()


def test_a_certificate_that_is_deleted_before_the_next_is_deployed_is_an_outage(
    provider: CloudflareProvider, served: Callable[[], bool], trusted: list[str],
    until_deployed: Callable[[Engine], None],
) -> None:  # fmt: skip
    trusted[:] = [FORMER.authority, NEW.authority]
    former = uploaded(provider, FORMER)
    until_deployed(former)
    uploaded(provider, NEW)
    former.delete()
    assert not served()


def test_origins_that_do_not_trust_the_new_authority_yet_are_an_outage(
    provider: CloudflareProvider, served: Callable[[], bool], trusted: list[str],
    until_deployed: Callable[[Engine], None],
) -> None:  # fmt: skip
    trusted[:] = [FORMER.authority]
    for pair in (FORMER, NEW):
        until_deployed(uploaded(provider, pair))
    assert not served()


def test_a_token_that_may_not_read_certificates_removes_none_and_is_named_elsewhere(
    provider: CloudflareProvider, emulated: Emulated, removal: tuple[Prerequisite, dict[str, str]]
) -> None:
    former_removed, known = removal
    for pair in (FORMER, NEW):
        uploaded(provider, pair)
    assert not former_removed.exists()
    emulated.control("PUT", "token", {"permissions": ["DNS Write"]})
    assert former_removed.exists()
    former_removed.make()
    assert set(known.values()) == {BOTH}
