"""Where the state of all stacks is stored, and under which names: derived only from the stack files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from naming import DataClass, Naming
from ops.core.stack_files import StackFile, stacks
from ops.errors import OpsError
from project_files import edges

ENVIRONMENT = "state"
"""The label, in names and tags, of resources outside all stacks."""
NAME_LIMIT = 64


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two locations of the state: a bucket and a key with its alias, in the same region."""

    region: str
    bucket: str
    alias: str

    @property
    def url(self) -> str:
        """The argument of `pulumi login`."""
        return f"s3://{self.bucket}?{self._query}"

    @property
    def secrets_provider(self) -> str:
        """The argument of `pulumi stack init --secrets-provider`."""
        return f"awskms://{self.alias}?{self._query}"

    @property
    def _query(self) -> str:
        # The engine's default is version 1 of AWS's SDK for Go, which AWS no longer supports.
        return f"region={self.region}&awssdk=v2"


@dataclass(frozen=True)
class StateBackend:
    """`region` has the state and its key, `copy_region` a copy of both: one survives the loss of the other."""

    region: str
    copy_region: str
    account_id: str
    cost_center: str
    domain: str
    region_stacks: tuple[str, ...]
    edge_stack: str
    account_stacks: tuple[str, ...] = ()

    @classmethod
    def of(cls) -> "StateBackend":
        """From the stack files: the state is in the region of the primary's copies.

        Raises OpsError if they do not define it, or not consistently.
        """
        files = {stack: StackFile.of(stack) for stack in stacks()}
        found = edges({stack: file.values() for stack, file in files.items()})
        # A stack without an edge stands alone: `pulumi stack init` creates it in the current backend.
        paired = {name for names in found.values() for name in names}
        regions = {stack: file for stack, file in files.items() if stack in paired}
        primaries = {str(file.get("offsite.home")) for file in regions.values()}
        if len(found) != 1 or len(primaries) != 1 or not primaries <= regions.keys():
            raise OpsError("want one stack file with role edge, and the same offsite.home in its region files")
        primary = regions[primaries.pop()]
        regions_of_state = {str(file.get("offsite.region")) for file in regions.values()}
        accounts = {str(file.get("account_id")) for file in regions.values()}
        if len(regions_of_state) != 1 or len(accounts) != 1:
            raise OpsError("the region files differ in offsite.region or account_id; want the same in each")
        ordered = tuple(sorted(regions, key=lambda stack: regions[stack] is not primary))
        return cls(
            region=regions_of_state.pop(),
            copy_region=str(primary.get("region")),
            account_id=accounts.pop(),
            cost_center=str(primary.get("cost_center")),
            domain=str(primary.get("domain")),
            region_stacks=ordered,
            edge_stack=next(iter(found)),
            account_stacks=tuple(stack for stack, file in files.items() if file.get("role") == "account"),
        )

    @cached_property
    def naming(self) -> Naming:
        """Names and tags of resources outside all stacks."""
        return Naming(environment=ENVIRONMENT, account_id=self.account_id, cost_center=self.cost_center)

    @property
    def all_stacks(self) -> tuple[str, ...]:
        """Every stack, in the order of their first `up`."""
        return (*self.account_stacks, *self.region_stacks, self.edge_stack)

    @property
    def home(self) -> Side:
        """The location of the state."""
        return Side(region=self.region, bucket=self.naming.bucket("home"), alias=self.alias)

    @property
    def copy(self) -> Side:
        """The location of its copy, and of the key's replica."""
        return Side(region=self.copy_region, bucket=self.naming.bucket("copy"), alias=self.alias)

    @property
    def key_name(self) -> str:
        """The key's tag `Name`."""
        return self.naming.physical("key", 250)

    @property
    def alias(self) -> str:
        """The key's alias, the same in both regions."""
        return f"alias/{self.key_name}"

    @property
    def role(self) -> str:
        """The role with which S3 replicates."""
        return self.naming.physical("replication", NAME_LIMIT)

    def tags(self) -> Mapping[str, str]:
        """The tags of all these resources, except `Name`."""
        return {**self.naming.tags(ENVIRONMENT, DataClass.CONFIDENTIAL), "ManagedBy": "ops bootstrap"}
