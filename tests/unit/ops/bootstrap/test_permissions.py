"""What bootstrap finds wrong with the token of Cloudflare's API, and with the zone."""

from collections.abc import Mapping
from typing import Any

from ops.bootstrap import permissions
from ops.core.cloudflare import EdgeApi


class Cloudflare(EdgeApi):
    """An API that gives its answers by path; what has none is refused."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {"/user/tokens/verify": {"id": "token", "status": "active"}, **answers}

    def asked(self, path: str) -> tuple[int, Any]:
        if path in self.answers:
            return 200, {"result": self.answers[path]}
        return 403, {"errors": [{"message": "Authentication error"}]}


def problems(answers: Mapping[str, Any]) -> list[str]:
    return list(permissions.problems(Cloudflare(answers), "zone", "account", "askproai.de", "pro", ["totp"]))


def token(*groups: str) -> dict[str, Any]:
    return {"policies": [{"effect": "allow", "permission_groups": [{"name": name} for name in groups]}]}


ALL = [permission.group for permission in permissions.PERMISSIONS]
ACTIVE = {"name": "askproai.de", "status": "active", "plan": {"legacy_id": "pro"}}
ZONE = {"/zones/zone": ACTIVE}
TEAM = {"/accounts/account/access/organizations": {"mfa_config": {"allowed_authenticators": ["totp", "biometrics"]}}}


def test_a_token_with_every_permission_has_no_problem() -> None:
    assert problems({**ZONE, "/user/tokens/token": token(*ALL)}) == []


def test_each_permission_that_is_missing_is_named() -> None:
    for group in ALL:
        (text,) = problems({**ZONE, "/user/tokens/token": token(*(each for each in ALL if each != group))})
        assert group in text


def test_a_permission_for_another_zone_is_none_for_ours() -> None:
    of, everywhere = "com.cloudflare.api.account", [{"name": name} for name in ALL]

    def held_for(resource: str) -> list[str]:
        policy = {"effect": "allow", "permission_groups": everywhere, "resources": {resource: "*"}}
        return problems({**ZONE, "/user/tokens/token": {"policies": [policy]}})

    for ours in (f"{of}.zone.zone", f"{of}.zone.*", f"{of}.account", f"{of}.*"):
        assert held_for(ours) == []
    for other in (f"{of}.zone.other", f"{of}.other"):
        assert len(held_for(other)) == len(ALL)


def test_a_token_that_cannot_read_itself_is_judged_by_what_it_can_read() -> None:
    paths: dict[str, Any] = {p.path.format(zone="zone", account="account"): [] for p in permissions.PERMISSIONS}
    paths |= TEAM
    assert problems({**paths, **ZONE}) == []
    paths.pop("/zones/zone/healthchecks")
    (text,) = problems({**paths, **ZONE})
    assert "Health Checks Write" in text
    assert permissions.sees_itself(Cloudflare(ZONE), "account") is False


def test_a_zone_of_another_domain_and_a_token_that_ended_are_named() -> None:
    assert (
        "zone zone is example.com, not askproai.de"
        in problems({"/zones/zone": {**ACTIVE, "name": "example.com"}, "/user/tokens/token": token(*ALL)})[0]
    )
    (text,) = problems({"/user/tokens/verify": {"id": "token", "status": "expired"}})
    assert "not valid (expired)" in text


def test_a_plan_that_was_not_bought_and_name_servers_that_were_not_set_are_named() -> None:
    free = {**ACTIVE, "status": "pending", "plan": {"legacy_id": "free"}}
    plan, status = problems({"/zones/zone": free, "/user/tokens/token": token(*ALL)})
    assert "zone zone has plan free, the edge's file says pro" in plan
    assert "zone zone is pending" in status


def test_an_account_without_a_team_or_without_second_factors_is_named() -> None:
    class WithoutTeam(Cloudflare):
        def asked(self, path: str) -> tuple[int, Any]:
            error = {"code": 9999, "message": "access.api.error.not_enabled: Access is not enabled"}
            return (403, {"errors": [error]}) if "/access/" in path else super().asked(path)

    readable: dict[str, Any] = {p.path.format(zone="zone", account="account"): [] for p in permissions.PERMISSIONS}
    (text,) = permissions.problems(WithoutTeam({**readable, **ZONE}), "zone", "account", "askproai.de", "pro", ["totp"])
    assert "open Zero Trust in the dashboard" in text
    everything = {**ZONE, "/user/tokens/token": token(*ALL)}
    assert problems({**everything, **TEAM}) == []
    for config in (None, {"allowed_authenticators": ["biometrics"]}):
        (text,) = problems({**everything, "/accounts/account/access/organizations": {"mfa_config": config}})
        assert "Zero Trust does not allow totp" in text


def test_a_token_that_the_account_owns_is_asked_about_there() -> None:
    class OfTheAccount(Cloudflare):
        def asked(self, path: str) -> tuple[int, Any]:
            return (401, {"errors": [{"message": "Invalid API Token"}]}) if "/user/" in path else super().asked(path)

    answers = {"/accounts/account/tokens/verify": {"id": "token", "status": "active"}, **ZONE}
    answers["/accounts/account/tokens/token"] = token(*ALL)
    assert list(permissions.problems(OfTheAccount(answers), "zone", "account", "askproai.de", "pro", [])) == []
    assert permissions.sees_itself(OfTheAccount(answers), "account")
