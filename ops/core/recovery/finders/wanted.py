"""What a finder is given: a resource as the program asked for it, and the cloud to look in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ops.core import aws
from ops.core.aws import if_present
from ops.core.cloudflare import EdgeApi
from ops.core.engine import UNKNOWN


class NotKnownYetError(Exception):
    """An input that the search needs comes from a resource that is itself not found yet."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource that is missing in a state. `inputs` are spelt as in the state; `region` is that of its provider."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    edge: EdgeApi
    region: str = ""

    def __getitem__(self, key: str) -> Any:
        """An input. Raises NotKnownYetError for one that is unknown, KeyError for one that was not given."""
        value = self.inputs[key]
        if value == UNKNOWN:
            raise NotKnownYetError(f"{self.name}: {key}")
        return value

    def get(self, key: str) -> Any:
        """An input, None where it was not given."""
        return self[key] if key in self.inputs else None

    def aws(self, service: str) -> Any:
        """A boto3 client in the resource's region."""
        return aws.client(service, self.region)

    @cached_property
    def name_tag(self) -> str:
        """The tag `Name`, which every resource of ours that takes tags has."""
        return str(self["tags"]["Name"])


Find = Callable[[Wanted], list[str]]
"""The identifiers, as the provider imports them, of all that is there and matches."""


@dataclass(frozen=True, kw_only=True)
class Finder:
    """How a type is found. `settled` waits until the thing has a state in which it can be changed."""

    find: Find
    by: str = "name"
    settled: Callable[[Wanted, str], None] | None = None
    identified: Callable[[Mapping[str, Any]], str] = lambda resource: str(resource.get("id", ""))
    """The identifier that `find` would give for a resource of a state, where the state's own is another."""


def listed(wanted: Wanted, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    """All rows of a listing operation, over its pages; none where AWS says the thing is not there."""
    client = wanted.aws(service)
    if client.can_paginate(operation):
        pages = if_present(lambda: list(client.get_paginator(operation).paginate(**arguments)))
    else:
        pages = if_present(lambda: [getattr(client, operation)(**arguments)])
    return [row for page in pages or [] for row in page.get(key) or []]


def listing(
    service: str,
    operation: str,
    key: str,
    identifier: str,
    asked: Callable[[Wanted], dict[str, Any]] = lambda _wanted: {},
    matches: Callable[[Wanted, Any], bool] = lambda _wanted, _row: True,
) -> Find:
    """A thing among those that an operation lists: what is `asked` narrows the list, and `matches` decides."""

    def find(wanted: Wanted) -> list[str]:
        rows = listed(wanted, service, operation, key, **asked(wanted))
        return [row[identifier] for row in rows if matches(wanted, row)]

    return find


def filters(**inputs: str) -> Callable[[Wanted], dict[str, Any]]:
    """EC2's filters by the inputs that hold their values: `vpc_id="vpcId"`."""
    return lambda wanted: {
        "Filters": [{"Name": name.replace("_", "-"), "Values": [wanted[key]]} for name, key in inputs.items()]
    }


def same(field: str, key: str = "name") -> Callable[[Wanted, Any], bool]:
    """Whether a field of a row is an input."""
    return lambda wanted, row: bool(row[field] == wanted[key])


def by_name(service: str, operation: str, argument: str, key: str, identifier: str = "", **field: str) -> Find:
    """A thing that AWS describes by its name: `argument` takes it, and `identifier`, if not called the same, is given.

    `named` is the input that holds the name, `name` the field that repeats it where that is not the identifier.
    """
    identifier = identifier or argument
    named = field.get("named", "name")

    def asked(wanted: Wanted) -> dict[str, Any]:
        return {argument: [wanted[named]] if argument.endswith("s") else wanted[named]}

    return listing(service, operation, key, identifier, asked, same(field.get("name", identifier), named))


def by_name_tag(operation: str, key: str, identifier: str, *states: str) -> Find:
    """A thing of EC2 by its tag `Name`; `states` are those in which it counts as there."""
    argument = "Filter" if operation in FILTER_IS_SINGULAR else "Filters"

    def asked(wanted: Wanted) -> dict[str, Any]:
        return {argument: [{"Name": "tag:Name", "Values": [wanted.name_tag]}]}

    def matches(wanted: Wanted, row: Any) -> bool:
        tagged = {"Key": "Name", "Value": wanted.name_tag} in row["Tags"]
        return tagged and (not states or row.get("State") in states)

    return listing("ec2", operation, key, identifier, asked, matches)


FILTER_IS_SINGULAR = ("describe_flow_logs", "describe_nat_gateways")


def waiter(service: str, name: str, argument: str, *, seconds: int) -> Callable[[Wanted, str], None]:
    """Wait with one of boto3's waiters, which takes the identifier as `argument`."""

    def settled(wanted: Wanted, identifier: str) -> None:
        value: Any = [identifier] if argument.endswith("s") else identifier
        polls = {"Delay": POLL_SECONDS, "MaxAttempts": seconds // POLL_SECONDS}
        wanted.aws(service).get_waiter(name).wait(**{argument: value}, WaiterConfig=polls)

    return settled


POLL_SECONDS = 10
