"""The types that the plugin knows: the API path of each, and how it is created, changed and read, one row each.

Paths, methods, what forces a replacement and the forms of import ids are those of Cloudflare's Terraform provider 5,
which pulumi-cloudflare 6 wraps. A type that has no row is refused; after a new row, run `generate`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Equal = Callable[[Any, Any], bool]


def _same_name(declared: Any, actual: Any) -> bool:
    """A record's name may be given without its zone, or as @ for the zone itself."""
    name = str(declared).lower().rstrip(".")
    return name in ("@", actual) or str(actual).startswith(f"{name}.")


def _same_host(declared: Any, actual: Any) -> bool:
    return str(declared).lower().rstrip(".") == str(actual).lower()


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != "id"}


def _policy_link(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in policy.items() if name in ("id", "precedence")}


def _proxied_ttl(inputs: Mapping[str, Any]) -> tuple[str, str] | None:
    """The provider's own check of a record: the argument that is wrong, and why."""
    if inputs.get("proxied") is True and inputs.get("ttl") not in (1, None):
        return "ttl", "ttl must be set to 1 when `proxied` is true"
    return None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One type.

    `path` is that of the collection, or of the thing itself where there is one an owner (`single`). `owners` are the
    inputs in the path; where there are two, the first that is given counts. `own_id` is the input that is the id of a
    thing that always exists. `forgotten`: deleting it changes nothing at Cloudflare. `answers_id_alone`: what was
    written is to be read after it. `hidden` is never shown again. `defaults` are what Cloudflare puts in place of an
    input that is not given, also inside of others (`rules[].enabled`). `equal` are inputs that Cloudflare shows in
    another form. `items` make of an item of a list, as it is read, what was declared. `made_anew`: there is no update.
    """

    type: str
    path: str
    create: str = "POST"
    update: str = "PUT"
    owners: tuple[str, ...] = ("zoneId",)
    single: bool = False
    own_id: str = ""
    forgotten: bool = False
    answers_id_alone: bool = False
    made_anew: bool = False
    replaces: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    equal: Mapping[str, Equal] = field(default_factory=dict)
    items: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    problem: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _inputs: None

    @property
    def token(self) -> str:
        """Pulumi's name of the type."""
        return f"cloudflare:index/{self.type[0].lower()}{self.type[1:]}:{self.type}"

    @property
    def import_form(self) -> str:
        """What an id to import looks like."""
        owner = {"zoneId": "<zone_id>", "accountId": "<account_id>"}[self.owners[-1]]
        if len(self.owners) > 1:
            owner = "<{accounts|zones}/{account_id|zone_id}>"
        return owner if self.single and not self.own_id else f"{owner}/<{self.own_id or 'id'}>"


KINDS = {
    kind.token: kind
    for kind in (
        Kind(
            type="DnsRecord",
            path="/zones/{zoneId}/dns_records",
            replaces=frozenset({"type"}),
            defaults={"proxied": False, "comment": None, "tags": [], "settings": {}},
            equal={"name": _same_name, "content": _same_host},
            problem=_proxied_ttl,
        ),
        Kind(
            type="ZoneSetting",
            path="/zones/{zoneId}/settings/{settingId}",
            create="PATCH",
            update="PATCH",
            single=True,
            own_id="settingId",
            forgotten=True,
            replaces=frozenset({"settingId"}),
        ),
        Kind(
            type="ZoneDnssec",
            path="/zones/{zoneId}/dnssec",
            create="PATCH",
            update="PATCH",
            single=True,
        ),
        Kind(
            type="AuthenticatedOriginPullsCertificate",
            path="/zones/{zoneId}/origin_tls_client_auth",
            made_anew=True,
            hidden=frozenset({"privateKey"}),
            replaces=frozenset({"certificate", "privateKey"}),
        ),
        Kind(
            type="AuthenticatedOriginPullsSettings",
            path="/zones/{zoneId}/origin_tls_client_auth/settings",
            create="PUT",
            single=True,
            forgotten=True,
        ),
        Kind(
            type="Ruleset",
            path="/{owner}/rulesets",
            owners=("accountId", "zoneId"),
            replaces=frozenset({"kind", "name", "phase"}),
            defaults={"description": "", "rules": [], "rules[].enabled": True},
            items={"rules": _rule},
        ),
        Kind(
            type="UrlNormalizationSettings",
            path="/zones/{zoneId}/url_normalization",
            create="PUT",
            single=True,
        ),
        Kind(
            type="LeakedCredentialCheck",
            path="/zones/{zoneId}/leaked-credential-checks",
            update="POST",
            single=True,
            forgotten=True,
        ),
        Kind(
            type="Healthcheck",
            path="/zones/{zoneId}/healthchecks",
            # Cloudflare's API reference, defaults of a health check.
            defaults={
                "type": "HTTP",
                "description": "",
                "checkRegions": None,
                "interval": 60,
                "retries": 2,
                "timeout": 5,
                "consecutiveFails": 1,
                "consecutiveSuccesses": 1,
                "suspended": False,
                "tcpConfig": None,
                "httpConfig.method": "GET",
                "httpConfig.path": "/",
                "httpConfig.expectedCodes": ["200"],
                "httpConfig.allowInsecure": False,
                "httpConfig.followRedirects": False,
            },
        ),
        Kind(
            type="NotificationPolicy",
            path="/accounts/{accountId}/alerting/v3/policies",
            owners=("accountId",),
            answers_id_alone=True,
            defaults={"description": "", "enabled": True},
        ),
        Kind(
            type="ZeroTrustAccessPolicy",
            path="/accounts/{accountId}/access/policies",
            owners=("accountId",),
            defaults={"excludes": [], "requires": [], "sessionDuration": "24h"},
        ),
        Kind(
            type="ZeroTrustAccessApplication",
            path="/{owner}/access/apps",
            owners=("accountId", "zoneId"),
            defaults={
                "allowedIdps": [],
                "appLauncherVisible": True,
                "autoRedirectToIdentity": False,
                "enableBindingCookie": False,
                "httpOnlyCookieAttribute": True,
                "optionsPreflightBypass": False,
                "policies": [],
                "sessionDuration": "24h",
                "tags": [],
            },
            items={"policies": _policy_link},
        ),
    )
}
