"""One call of the API, as the input of its handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudflare.answers import RefusedError
from sandbox.cloudflare.store import Resource, Store
from sandbox.cloudflare.tokens import Tokens, not_allowed


@dataclass(frozen=True, kw_only=True)
class Call:
    """An authenticated call: `path` are the IDs in its path by name, `body` is the parsed JSON."""

    store: Store
    tokens: Tokens
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    @property
    def owner(self) -> str:
        """The path of the call's zone or account."""
        zone = self.path.get("zone_id")
        return f"/zones/{zone}" if zone else f"/accounts/{self.path['account_id']}"

    @property
    def zone_name(self) -> str:
        """The domain of the zone in the path."""
        return self.store.zones[self.path["zone_id"]]

    def collection(self, name: str) -> dict[str, Resource]:
        """The resources of the owner under a name such as `dns_records`."""
        return self.store.collection(f"{self.owner}/{name}")

    def require(self, *groups: str) -> None:
        """Refuse the call unless the token has one of the permissions. Raises RefusedError."""
        if not any(self.tokens.may(group, write=self.method != "GET") for group in groups):
            raise not_allowed()


def found(resources: Mapping[str, Resource], key: str, code: int, message: str) -> Resource:
    """The resource with an ID. Raises RefusedError with the 404 of its kind."""
    if key not in resources:
        raise RefusedError(404, code, message)
    return resources[key]
