"""An exported state, and the changes that a recovery makes before it is imported again."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ops.core.engine import STACK_TYPE, UNKNOWN, provider_urn

Resource = dict[str, Any]

PROVIDER_PREFIX = "pulumi:providers:"
HIDDEN = "[secret]"
"""The placeholder for a secret in a preview."""
COMPUTED = ("id", "outputs", "created", "modified", "external", "initErrors", "delete")


class State:
    """An exported state. Adopted resources come last, after everything that they depend on."""

    def __init__(self, exported: Mapping[str, Any]) -> None:
        self.exported: dict[str, Any] = {**exported, "deployment": {**exported["deployment"]}}
        self._deployment["resources"] = list(self._deployment.get("resources") or [])

    @property
    def _deployment(self) -> dict[str, Any]:
        return self.exported["deployment"]

    @property
    def resources(self) -> list[Resource]:
        """All resources, each after those it depends on."""
        return self._deployment["resources"]

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Pending operations when the engine was killed: `type` and `resource` of each."""
        return list(self._deployment.get("pending_operations") or [])

    def forget_pending(self) -> None:
        """Drop the pending operations."""
        self._deployment.pop("pending_operations", None)

    def current(self, urn: str) -> Resource | None:
        """The resource of a URN, except those that are pending deletion."""
        return next((r for r in self.resources if r["urn"] == urn and not r.get("delete")), None)

    def region(self, resource: Resource) -> str:
        """The region of a resource's provider, empty if it has none or is unknown."""
        provider = self.current(provider_urn(resource)) or {}
        return str((provider.get("inputs") or {}).get("region", ""))

    def adopt(self, resource: Resource, identifier: str) -> None:
        """Add an existing resource to the state; a refresh completes it.

        A replacement whose creation was interrupted takes the place of the old resource, which is then pending
        deletion.
        """
        former = self.current(resource["urn"])
        if former:
            former["delete"] = True
        kept = {key: value for key, value in resource.items() if key not in COMPUTED}
        self.resources.append({**self._attached(kept), "id": identifier})

    def keep(self, resource: Resource) -> None:
        """Add a resource to the state that the engine had created but still listed as pending."""
        self.resources.append(self._attached(resource))

    def add_foundations(self, missing: Iterable[Resource]) -> None:
        """Add the stack itself and its providers, if they are missing: they define the region to search."""
        self._add(resource for resource in missing if resource["type"] == STACK_TYPE or is_provider(resource))

    def make_room(self, missing: list[Resource], found: Iterable[Resource]) -> None:
        """Add the components of found resources: they exist only in the state, so they are not searched."""
        wanted = {resource.get("parent") for resource in found}
        # Parents come first, so in reverse order every child comes before its parent.
        for resource in reversed(missing):
            if resource["urn"] in wanted:
                wanted.add(resource.get("parent"))
        self._add(resource for resource in missing if resource["urn"] in wanted and not resource.get("custom"))

    def _add(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            if self.current(resource["urn"]) is None:
                self.resources.append(self._attached(_of_the_program(resource)))

    def being_created(self) -> tuple[list[Resource], list[Resource]]:
        """The resources that the engine had created but still listed as pending, and those that it was creating."""
        made: list[Resource] = []
        making: list[Resource] = []
        for operation in self.pending:
            resource = operation["resource"]
            known = self.current(resource["urn"]) or {}
            if operation["type"] != "creating" or (resource.get("id") and known.get("id") == resource["id"]):
                continue
            (made if resource.get("id") else making).append(resource)
        return made, making

    def unread(self) -> list[str]:
        """The URNs whose current values only the cloud knows.

        They were being changed, deleted or read, or were adopted by a recovery that was itself killed.
        """
        disturbed = {row["resource"]["urn"] for row in self.pending if row["type"] != "creating"}
        return [
            resource["urn"]
            for resource in self.resources
            if resource.get("id")
            and (resource["urn"] in disturbed or not (is_provider(resource) or "outputs" in resource))
        ]

    def _attached(self, resource: Resource) -> Resource:
        """The resource with only references that exist in the state; `up` completes them."""
        urns = {known["urn"] for known in self.resources}
        attached = {**resource, "inputs": _plain(resource.get("inputs") or {})}
        if "dependencies" in attached:
            attached["dependencies"] = [urn for urn in attached["dependencies"] if urn in urns]
        if "propertyDependencies" in attached:
            attached["propertyDependencies"] = {
                name: [urn for urn in found or [] if urn in urns]
                for name, found in attached["propertyDependencies"].items()
            }
        if attached.get("parent") not in urns:
            attached.pop("parent", None)
        if provider := self.current(provider_urn(resource)):
            attached["provider"] = f"{provider['urn']}::{provider['id']}"
        return attached


def logical_name(urn: str) -> str:
    """The logical name of a resource."""
    return urn.rpartition("::")[2]


def is_provider(resource: Resource) -> bool:
    """Whether it is a provider, which exists only in the engine."""
    return str(resource["type"]).startswith(PROVIDER_PREFIX)


def _of_the_program(resource: Resource) -> Resource:
    """A component or a provider in the form of a state; a provider gets any unused identifier."""
    kept = {key: value for key, value in resource.items() if key not in COMPUTED}
    if is_provider(resource):
        kept |= {"id": str(uuid.uuid4()), "outputs": _plain(resource.get("inputs") or {})}
    return kept


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs without values that a preview hides or does not know; nested ones stay, because a refresh replaces
    them."""
    return {key: value for key, value in inputs.items() if value not in (HIDDEN, UNKNOWN)}
