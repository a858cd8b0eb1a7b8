"""The edge: routes a visitor's request, by its Host header, to the origin in the zone's record.

It applies records, redirects, our own custom rules and cache rules if their expressions can be evaluated here, and
Access. What only inspects traffic (managed rules, rate limits) or belongs to TLS is stored without effect.
"""

import http.client
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox.cloudflare import cache
from sandbox.cloudflare.access import ORGANIZATION, Logins
from sandbox.cloudflare.actions import FIRST_ERROR
from sandbox.cloudflare.cache import Cache
from sandbox.cloudflare.collections import shown_to_origins
from sandbox.cloudflare.expressions import UnsupportedError, evaluate
from sandbox.cloudflare.store import Resource, Store
from sandbox.cloudflare.urls import normalized
from sandbox.cloudflare.zones import URL_NORMALIZATION

ORIGIN_SECONDS = 20.0
"""Our choice, for tests: Cloudflare waits 100 s for an origin before it answers 524."""

CERTIFICATE_HEADER = "X-Sandbox-Client-Certificate"
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "host"}
LEADING = ("A", "AAAA", "CNAME")
PLACE = "SBX"
STATUS_TEXTS = {
    403: "Forbidden",
    521: "Web Server Is Down",
    522: "Connection Timed Out",
    524: "A Timeout Occurred",
    530: "Origin DNS Error",
}


@dataclass(frozen=True)
class Visit:
    """A request of a visitor."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    address: str

    @property
    def fields(self) -> dict[str, Any]:
        """The request's fields for rules. The sandbox has no TLS: every request counts as https."""
        target = self.path + (f"?{self.query}" if self.query else "")
        return {
            "http.host": self.host,
            "http.request.headers": {name: [value] for name, value in self.headers.items()},
            "http.request.headers.names": list(self.headers),
            "http.request.method": self.method,
            "http.request.uri": target,
            "http.request.uri.path": self.path,
            "http.request.uri.path.extension": PurePosixPath(self.path).suffix.removeprefix(".").lower(),
            "http.request.uri.query": self.query,
            "http.request.full_uri": f"https://{self.host}{target}",
            # No password counts as leaked here.
            "cf.waf.credential_check.password_leaked": False,
            "http.user_agent": self.headers.get("user-agent", ""),
            "ip.src": self.address,
            "ssl": True,
        }


@dataclass(frozen=True)
class Reply:
    """What the visitor gets."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    by_origin: bool = False


class Edge:
    """Handles everything that is neither the API nor the sandbox's own. `application` has the address of the
    origins."""

    def __init__(self, store: Store, application: Callable[[], str | None]) -> None:
        self.store = store
        self.application = application
        self.left_out: set[str] = set()
        self.cache = Cache()
        self.logins = Logins(store)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ray = f"{secrets.token_hex(8)}-{PLACE}"
        reply = self.visit(_visit(environ), ray)
        headers = [(name, value) for name, value in reply.headers if name.lower() != "server"]
        start_response(reply.status, [*headers, ("Server", "cloudflare"), ("CF-Ray", ray)])
        return [reply.body]

    def visit(self, visit: Visit, ray: str) -> Reply:
        """Serve a visitor."""
        zone = next((key for key, name in self.store.zones.items() if f".{visit.host}".endswith(f".{name}")), None)
        origin = self._origin(zone, visit.host) if zone else None
        if zone is None or origin is None:
            return _error(530, 1001, "DNS resolution error", visit.host)
        asked = visit.path
        normalization = self.store.singles.get(f"/zones/{zone}/url_normalization", URL_NORMALIZATION)
        if normalization["scope"] != "none":
            visit = replace(visit, path=normalized(visit.path))
        decided = self._redirect(zone, visit) or self._block(zone, visit) or self._login(visit)
        if decided:
            return decided
        return self._error_of_ours(zone, visit, self._answer(zone, visit, asked, origin, ray))

    def _answer(self, zone: str, visit: Visit, asked: str, origin: str, ray: str) -> Reply:
        """A response from the cache or the origin; `asked` is the path as the visitor wrote it."""
        told = cache.parameters(list(self._rules(zone, "http_request_cache_settings", visit)))
        key = f"{visit.host}{visit.path}?{visit.query}"
        if visit.method == "GET" and (kept := self.cache.get(key)):
            return replace(kept, headers=[*kept.headers, ("CF-Cache-Status", "HIT")])
        application = self.application()
        if application is None:
            return _error(521, 521, "Web server is down", visit.host)
        normalization = self.store.singles.get(f"/zones/{zone}/url_normalization", URL_NORMALIZATION)
        passed_on = visit if normalization["scope"] == "both" else replace(visit, path=asked)
        shown = b64encode(shown_to_origins(self.store, zone).encode()).decode()
        reply = _forward(application, passed_on, origin, ray, shown)
        headers = {name.lower(): value for name, value in reply.headers}
        seconds = cache.seconds(told, visit.path, int(reply.status.split()[0]), headers) if reply.by_origin else 0
        if visit.method == "GET" and seconds:
            self.cache.put(key, reply, seconds)
        return reply

    def _origin(self, zone: str, host: str) -> str | None:
        """The target of a host's proxied record, or of the wildcard above it: Cloudflare serves no others.

        A CNAME to a name in the same zone resolves to that name's target (Cloudflare, "DNS resolution", records within
        the same zone).
        """
        records = list(self.store.collection(f"/zones/{zone}/dns_records").values())
        proxied = {record["name"]: str(record["content"]) for record in records if record["proxied"]}
        contents = {record["name"]: str(record["content"]) for record in records if record["type"] in LEADING}
        target = proxied.get(host) or proxied.get(f"*.{host.partition('.')[2]}")
        passed: set[str] = set()
        while target in contents:
            if target in passed:
                return None
            passed.add(target)
            target = contents[target]
        return target

    def _error_of_ours(self, zone: str, visit: Visit, reply: Reply) -> Reply:
        """The replacement of an error by the first matching custom error rule (Cloudflare, "Custom Errors")."""
        status = int(reply.status.split()[0])
        code = {"http.response.code": status}
        for rule in self._rules(zone, "http_custom_errors", visit, code) if status >= FIRST_ERROR else ():
            given = rule["action_parameters"]
            body = given["content"].encode()
            replaced = ("content-type", "content-length")
            headers = [(name, value) for name, value in reply.headers if name.lower() not in replaced]
            headers += [("Content-Type", given["content_type"]), ("Content-Length", str(len(body)))]
            text = f"{given['status_code']} Error" if "status_code" in given else reply.status
            return replace(reply, status=text, headers=headers, body=body)
        return reply

    def _rules(self, zone: str, phase: str, visit: Visit, more: Mapping[str, Any] | None = None) -> Iterable[Resource]:
        """The matching rules of a phase; `more` are fields of the response."""
        for ruleset in list(self.store.collection(f"/zones/{zone}/rulesets").values()):
            for rule in ruleset["rules"] if ruleset["phase"] == phase else ():
                try:
                    if rule["enabled"] and evaluate(rule["expression"], {**visit.fields, **(more or {})}):
                        yield rule
                except UnsupportedError as problem:
                    self.left_out.add(f"{phase} {rule['ref']}: {problem}")

    def _redirect(self, zone: str, visit: Visit) -> Reply | None:
        for rule in self._rules(zone, "http_request_dynamic_redirect", visit):
            redirect = rule["action_parameters"]["from_value"]
            target = redirect["target_url"]
            address = target["value"] if "value" in target else evaluate(target["expression"], visit.fields)
            if visit.query and redirect.get("preserve_query_string"):
                address += f"?{visit.query}"
            status = http.HTTPStatus(redirect.get("status_code", 301))
            return Reply(f"{status.value} {status.phrase}", [("Location", address), ("Content-Length", "0")], b"")
        return None

    def _block(self, zone: str, visit: Visit) -> Reply | None:
        for rule in self._rules(zone, "http_request_firewall_custom", visit):
            if rule["action"] == "block" and (own := rule.get("action_parameters", {}).get("response")):
                status = http.HTTPStatus(own["status_code"])
                body = own["content"].encode()
                headers = [("Content-Type", own["content_type"]), ("Content-Length", str(len(body)))]
                return Reply(f"{status.value} {status.phrase}", headers, body)
            if rule["action"] == "block":
                return _error(403, 1020, f"Access denied ({rule['ref']})", visit.host)
        return None

    def _login(self, visit: Visit) -> Reply | None:
        """Access redirects a visitor without its token to the login page of the account's team."""
        application = self.logins.guarding(visit.host, visit.path)
        if application is None or self.logins.is_in(application, visit.headers):
            return None
        place = f"https://{ORGANIZATION['auth_domain']}/cdn-cgi/access/login/{visit.host}"
        headers = [("Location", f"{place}?kid={application['aud']}"), ("Content-Length", "0")]
        return Reply("302 Found", headers, b"")


def _visit(environ: WSGIEnvironment) -> Visit:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return Visit(
        method=environ["REQUEST_METHOD"],
        host=environ.get("HTTP_HOST", "").rpartition(":")[0].lower() or environ.get("HTTP_HOST", "").lower(),
        # As the visitor wrote it, because PATH_INFO is decoded.
        path=environ["REQUEST_URI"].partition("?")[0] or "/",
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(),
        address=environ.get("REMOTE_ADDR", ""),
    )


def _forward(application: str, visit: Visit, origin: str, ray: str, certificate: str) -> Reply:
    """Send a request to the origin, which the application server represents. `certificate`, in base64, replaces TLS."""
    place = urlsplit(application)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ORIGIN_SECONDS)
    headers = {name: value for name, value in visit.headers.items() if name not in HOP_BY_HOP}
    headers.pop(CERTIFICATE_HEADER.lower(), None)
    headers |= {
        "Host": visit.host,
        CERTIFICATE_HEADER: certificate,
        "X-Sandbox-Origin": origin,
        "CF-Ray": ray,
        "CF-Connecting-IP": visit.address,
        "X-Forwarded-For": visit.address,
        "X-Forwarded-Proto": "https",
    }
    target = visit.path + (f"?{visit.query}" if visit.query else "")
    try:
        connection.request(visit.method, target, body=visit.body or None, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except ConnectionRefusedError:
        return _error(521, 521, "Web server is down", visit.host)
    except TimeoutError:
        return _error(524, 524, "A timeout occurred", visit.host)
    except (OSError, http.client.HTTPException):
        return _error(522, 522, "Connection timed out", visit.host)
    finally:
        connection.close()
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
    headers = [*kept, ("Content-Length", str(len(body)))]
    return Reply(f"{answer.status} {answer.reason}", headers, body, by_origin=True)


def _error(status: int, code: int, text: str, host: str) -> Reply:
    """An error page of Cloudflare's own."""
    title = f"Error {code}: {text} | {host} | Cloudflare"
    body = f"<!DOCTYPE html>\n<title>{title}</title>\n<h1>{title}</h1>\n".encode()
    headers = [("Content-Type", "text/html; charset=UTF-8"), ("Content-Length", str(len(body)))]
    return Reply(f"{status} {STATUS_TEXTS[status]}", headers, body)
