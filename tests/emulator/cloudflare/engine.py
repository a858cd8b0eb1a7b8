"""What the tests of the Cloudflare plugin share: one resource of each type, and an engine that keeps a state."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.cloudflare import properties
from sandbox.plugins.cloudflare.kinds import KINDS
from sandbox.plugins.cloudflare.properties import Secret
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from sandbox.project.origin_pull import origin_pull
from tests.emulator.cloudflare.emulated import ACCOUNT, DOMAIN, ZONE

TOKENS = {kind.type: kind.token for kind in KINDS.values()}
RULE = {"ref": "a", "description": "why", "expression": "true", "enabled": True}
CERTIFICATE, KEY = origin_pull().certificate, origin_pull().key

RESOURCES: dict[str, dict[str, Any]] = {
    "DnsRecord": {
        "zoneId": ZONE,
        "name": f"www.{DOMAIN}",
        "type": "CNAME",
        "content": "lb.example.com",
        "ttl": 1,
        "proxied": True,
        "comment": "why",
    },
    "ZoneSetting": {
        "zoneId": ZONE,
        "settingId": "security_header",
        # All members: an omitted one would be a difference after the next refresh.
        "value": {
            "strict_transport_security": {
                "enabled": True,
                "max_age": 31_536_000,
                "include_subdomains": True,
                "nosniff": True,
                "preload": False,
            }
        },
    },
    "ZoneDnssec": {"zoneId": ZONE, "status": "active"},
    "AuthenticatedOriginPullsCertificate": {"zoneId": ZONE, "certificate": CERTIFICATE, "privateKey": Secret(KEY)},
    "AuthenticatedOriginPullsSettings": {"zoneId": ZONE, "enabled": True},
    "Ruleset": {
        "zoneId": ZONE,
        "name": "cache",
        "kind": "zone",
        "phase": "http_request_cache_settings",
        "rules": [
            {
                **RULE,
                "action": "set_cache_settings",
                "actionParameters": {
                    "cache": True,
                    "edgeTtl": {
                        "mode": "override_origin",
                        "default": 3600,
                        "statusCodeTtls": [{"statusCodeRange": {"from": 400, "to": 599}, "value": 0}],
                    },
                },
            }
        ],
    },
    "UrlNormalizationSettings": {"zoneId": ZONE, "type": "cloudflare", "scope": "both"},
    "Healthcheck": {
        "zoneId": ZONE,
        "name": "prod",
        "address": f"origin-prod.{DOMAIN}",
        "type": "HTTPS",
        "checkRegions": ["WEU"],
        "httpConfig": {"path": "/api/health", "port": 443, "header": {"Host": ["x.example.com"]}},
    },
    "NotificationPolicy": {
        "accountId": ACCOUNT,
        "name": "n",
        "alertType": "universal_ssl_event_type",
        "mechanisms": {"emails": [{"id": "a@example.com"}]},
        "filters": {"zones": [ZONE]},
    },
    "ZeroTrustAccessPolicy": {
        "accountId": ACCOUNT,
        "name": "p",
        "decision": "allow",
        "includes": [
            {"email": {"email": "a@example.com"}},
            {"githubOrganization": {"name": "x", "identityProviderId": "y"}},
        ],
    },
    "ZeroTrustAccessApplication": {
        "accountId": ACCOUNT,
        "name": "admin",
        "type": "self_hosted",
        "domain": f"admin.{DOMAIN}",
        "sessionDuration": "8h",
        "sameSiteCookieAttribute": "lax",
    },
}
CHANGES: dict[str, tuple[str, Any]] = {
    "DnsRecord": ("content", "other.example.com"),
    "ZoneSetting": ("value", {"strict_transport_security": {"enabled": False}}),
    "ZoneDnssec": ("status", "disabled"),
    "AuthenticatedOriginPullsSettings": ("enabled", False),
    "Ruleset": ("description", "other"),
    "UrlNormalizationSettings": ("scope", "incoming"),
    "Healthcheck": ("interval", 120),
    "NotificationPolicy": ("enabled", False),
    "ZeroTrustAccessPolicy": ("sessionDuration", "1h"),
    "ZeroTrustAccessApplication": ("appLauncherVisible", False),
}
OTHERS = [name for name in RESOURCES if name != "AuthenticatedOriginPullsCertificate"]


class AbortedError(Exception):
    """What a call ended with."""


class Context:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise AbortedError(details)


@dataclass
class Engine:
    """Calls the plugin about one resource, and keeps its state."""

    provider: CloudflareProvider
    type: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def _call(self, method: str, **values: Any) -> Any:
        request = getattr(provider_pb2, f"{method}Request")(
            urn=f"urn:pulumi:edge::askproai::askproai:edge:Part${TOKENS[self.type]}::thing",
            **{name: properties.write(v) if isinstance(v, dict) else v for name, v in values.items()},
        )
        return getattr(self.provider, method)(request, Context())

    def create(self, inputs: dict[str, Any]) -> "Engine":
        checked = self._call("Check", news=inputs)
        assert list(checked.failures) == []
        answer = self._call("Create", properties=inputs)
        self.id, self.inputs, self.state = answer.id, inputs, properties.read(answer.properties)
        return self

    def diff(self, news: dict[str, Any]) -> Any:
        return self._call("Diff", id=self.id, olds=self.state, old_inputs=self.inputs, news=news)

    def update(self, news: dict[str, Any]) -> None:
        answer = self._call("Update", id=self.id, olds=self.state, old_inputs=self.inputs, news=news)
        self.inputs, self.state = news, properties.read(answer.properties)

    def refresh(self) -> bool:
        """Whether the thing is still there."""
        answer = self._call("Read", id=self.id, inputs=self.inputs, properties=self.state)
        self.id = answer.id
        self.inputs, self.state = properties.read(answer.inputs), properties.read(answer.properties)
        return bool(answer.id)

    def adopt(self, key: str) -> None:
        answer = self._call("Read", id=key)
        self.id = answer.id
        self.inputs, self.state = properties.read(answer.inputs), properties.read(answer.properties)

    def delete(self) -> None:
        self._call("Delete", id=self.id, properties=self.state, old_inputs=self.inputs)


def configured(base: str, token: str, waits: list[float] | None = None) -> CloudflareProvider:
    """The configured plugin, which records its waits between calls instead of waiting."""
    provider = CloudflareProvider("6.0.0", [].append if waits is None else waits.append)
    args = properties.write({"apiToken": Secret(token), "baseUrl": base})
    provider.Configure(provider_pb2.ConfigureRequest(args=args), Context())  # type: ignore[arg-type] a fake
    return provider
