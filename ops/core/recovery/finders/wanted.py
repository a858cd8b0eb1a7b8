"""The input of a finder (a resource as the program declares it, and the cloud to search), and the kinds of finders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ops.core import aws
from ops.core.aws import if_present
from ops.core.cloudflare import EdgeApi
from ops.core.engine import UNKNOWN


class NotKnownYetError(Exception):
    """The search needs an input of a resource that has not been found yet."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource that is missing in a state. `inputs` are spelled as in the state; `region` is its provider's."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    edge: EdgeApi
    region: str = ""

    def __getitem__(self, key: str) -> Any:
        """An input. Raises NotKnownYetError if it is unknown, KeyError if it is not set."""
        value = self.inputs[key]
        if value == UNKNOWN:
            raise NotKnownYetError(f"{self.name}: {key}")
        return value

    def get(self, key: str) -> Any:
        """An input, None if it is not set."""
        return self[key] if key in self.inputs else None

    def aws(self, service: str) -> Any:
        """A boto3 client in the resource's region."""
        return aws.client(service, self.region)

    @cached_property
    def name_tag(self) -> str:
        """The tag `Name`, which all our taggable resources have."""
        return str(self["tags"]["Name"])


Asked = Callable[[Wanted], dict[str, Any]]
Matches = Callable[[Wanted, Any], bool]
Settled = Callable[[Wanted, str], None]


@dataclass(frozen=True, kw_only=True)
class Finder:
    """How a type is found: `search` returns the cloud's identifiers of all matches, `by` says what identifies them.

    `form` is the provider's import ID, built from `{id}`, the inputs, `{region}` and `{account}`. `settled` waits until
    the resource can be changed.
    """

    search: Callable[[Wanted], list[str]]
    by: str = "name"
    form: str = "{id}"
    settled: Settled | None = None

    def find(self, wanted: Wanted) -> list[str]:
        """The provider's import IDs."""
        return [self.identified(wanted, found) for found in self.search(wanted)]

    def identified(self, wanted: Wanted, identifier: str) -> str:
        """The provider's import ID for a cloud identifier."""
        account = wanted.aws("sts").get_caller_identity()["Account"] if "{account}" in self.form else ""
        known = {"id": identifier, "region": wanted.region, "account": account}
        return self.form.format_map({**wanted.inputs, **known})


def listed(wanted: Wanted, service: str, operation: str, **arguments: Any) -> list[Any]:
    """All rows of a list operation; none if AWS says that the resource does not exist."""
    return if_present(lambda: list(aws.rows(wanted.aws(service), operation, **arguments))) or []


def listing(
    service: str,
    operation: str,
    identifier: str,
    asked: Asked = lambda _wanted: {},
    matches: Matches = lambda _wanted, _row: True,
    *,
    states: tuple[str, ...] = (),
    **description: Any,
) -> Finder:
    """A resource among those that an operation lists: `asked` narrows the list, and `matches` decides.

    `states`, in lower case, are those in which it counts as existing; without any, all do. `description` is a Finder's.
    """

    def search(wanted: Wanted) -> list[str]:
        rows = listed(wanted, service, operation, **asked(wanted))
        there = [row for row in rows if not states or _state(row) in states]
        return [row[identifier] for row in there if matches(wanted, row)]

    return Finder(search=search, **description)


def given(**inputs: str) -> Asked:
    """Arguments by the inputs with their values: `LoadBalancerArn="loadBalancerArn"`."""
    return lambda wanted: {argument: wanted[key] for argument, key in inputs.items()}


def filters(**inputs: str) -> Asked:
    """EC2's filters by the inputs with their values: `vpc_id="vpcId"`."""
    return lambda wanted: {
        "Filters": [{"Name": name.replace("_", "-"), "Values": [wanted[key]]} for name, key in inputs.items()]
    }


def same(**fields: str) -> Matches:
    """Whether fields of a row equal inputs: `SelectionName="name"`."""
    return lambda wanted, row: all(row[field] == wanted[key] for field, key in fields.items())


def tagged(wanted: Wanted, row: Any) -> bool:
    """Whether a row has the tag `Name`."""
    return {"Key": "Name", "Value": wanted.name_tag} in row["Tags"]


def by_name(
    service: str,
    operation: str,
    argument: str,
    identifier: str = "",
    *,
    field: str = "",
    key: str = "name",
    **description: Any,
) -> Finder:
    """A resource that AWS describes by its name, passed as `argument`; `identifier` is the result's field, if
    different.

    `key` is the input with the name, `field` the result's field that repeats it, if that is not the identifier.
    """
    identifier = identifier or argument

    def asked(wanted: Wanted) -> dict[str, Any]:
        return {argument: [wanted[key]] if argument.endswith("s") else wanted[key]}

    return listing(service, operation, identifier, asked, same(**{field or identifier: key}), **description)


def by_name_tag(operation: str, identifier: str, *states: str, **description: Any) -> Finder:
    """An EC2 resource by its tag `Name`; `states` are those in which it counts as existing."""
    argument = "Filter" if operation in FILTER_IS_SINGULAR else "Filters"

    def asked(wanted: Wanted) -> dict[str, Any]:
        return {argument: [{"Name": "tag:Name", "Values": [wanted.name_tag]}]}

    return listing("ec2", operation, identifier, asked, tagged, states=states, by="tag Name", **description)


FILTER_IS_SINGULAR = ("describe_flow_logs", "describe_nat_gateways")


def waiter(service: str, name: str, argument: str, *, seconds: int) -> Settled:
    """Wait with one of boto3's waiters, which takes the identifier as `argument`."""

    def settled(wanted: Wanted, identifier: str) -> None:
        value: Any = [identifier] if argument.endswith("s") else identifier
        polls = {"Delay": POLL_SECONDS, "MaxAttempts": seconds // POLL_SECONDS}
        wanted.aws(service).get_waiter(name).wait(**{argument: value}, WaiterConfig=polls)

    return settled


POLL_SECONDS = 10


def _state(row: Any) -> str:
    """A row's state: EC2 and RDS use different field names, and a text or an object with code and reason."""
    state = row.get("State") or row.get("Status")
    return str(state["Code"] if isinstance(state, dict) else state).lower()
