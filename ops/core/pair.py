"""The two regions and the edge in front of them, from stack files and outputs, without calls to a cloud."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from typing_extensions import override

from naming import Naming
from ops.core.cloudflare import TOKEN
from ops.core.engine import Engine
from ops.core.engine_errors import UnreadableStateError
from ops.core.recovery import outputs
from ops.core.stack_files import StackFile, project, stacks
from ops.errors import Exit, OpsError, one_line, refused
from project_files import UnreadableFileError
from settings import ConfigurationError, EdgeSettings, Settings, read
from topology import older

OWN = (
    *("activated", "allow_destroy_of", "environment", "fenced", "follows", "posture", "region", "role", "topology"),
    *("database.generation", "database.restored", "database.retained_generations", "network."),
    *("database.backup_window", "database.maintenance_window"),
    *("vpn.client_authority_arn", "vpn.server_certificate_arn"),
)
"""Settings, or prefixes of their keys, that may differ between the regions of a pair."""
ROLE = ("role", "activated", "fenced")
ACCOUNTS = "database-"
"""The prefix of the database's accounts among the stack's secrets (`components/security/secrets.py`)."""
RECORDED = {
    **{key: key for key in ROLE},
    "database.generation": "database_generation",
    "database.retained_generations": "retained_database_generations",
}
"""The settings that define the writer, whose changes `topology` counts, and their outputs."""


S = TypeVar("S", bound=Settings | EdgeSettings)


class Stack(Generic[S]):
    """A stack of the pair: the settings in its file, and its outputs in the state backend."""

    recorded_settings: ClassVar[Mapping[str, str]]
    """The settings whose changes `topology` counts, and their outputs."""

    def __init__(self, stack: str, engine: Engine, kind: type[S]) -> None:
        self.stack = stack
        self.file = StackFile.of(stack)
        self._engine, self._kind = engine, kind

    @property
    def settings(self) -> S:
        """Its settings, from the current files. Raises OpsError with every problem, as `pulumi up` would."""
        try:
            found = read(project(), self.stack)
        except (ConfigurationError, UnreadableFileError) as error:
            raise OpsError(str(error)) from None
        if not isinstance(found, self._kind):
            raise OpsError(f"{self.file.path.name}: role: {found.role} is not a region's")
        return found

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; {} before its first `up`."""
        return outputs(self._engine, self.stack)

    def output(self, name: str) -> Any:
        """An output. Raises OpsError if the stack does not have it."""
        if name not in self.outputs:
            raise OpsError(f"stack {self.stack} has no output {name}: run `pulumi up --stack {self.stack}`")
        return self.outputs[name]

    def forget(self) -> None:
        """Read the outputs again the next time, because an `up` has changed them."""
        self.__dict__.pop("outputs", None)

    def do_without_outputs(self) -> None:
        """Treat the outputs as unknown, because their backend does not answer."""
        self.__dict__["outputs"] = dict[str, Any]()

    @property
    def recorded(self) -> dict[str, Any]:
        """The writer, or the routed stack, as recorded by the stack, by the setting's key."""
        return {key: self.outputs.get(name) for key, name in self.recorded_settings.items()}

    @property
    def older(self) -> str:
        """A message if the file is older than what the stack has recorded; else empty."""
        declared, recorded = self.settings.topology, self._recorded_topology
        return older(self.stack, declared, recorded) if declared < recorded else ""

    @property
    def is_unrecorded(self) -> bool:
        """Whether a change that `topology` counts was not, or not fully, applied to the stack because an `up`
        failed."""
        return 0 < self._recorded_topology < self.settings.topology

    def declare(self, values: Mapping[str, Any]) -> None:
        """Write settings to the file; a change of the writer, or of the routed stack, raises its `topology`."""
        moved = any(key in self.recorded_settings for key in self.file.changes(values))
        topology = max(self.settings.topology, self._recorded_topology) + 1
        self.file.set({**values, **({"topology": topology} if moved else {})})

    def adopted(self) -> dict[str, Any]:
        """What the stack has recorded, as settings for its file."""
        return {**self.recorded, "topology": int(self.output("topology"))}

    @property
    def _recorded_topology(self) -> int:
        return int(self.outputs.get("topology") or 0)


class RegionStack(Stack[Settings]):
    """A region's stack."""

    recorded_settings = RECORDED

    def __init__(self, stack: str, engine: Engine) -> None:
        super().__init__(stack, engine, Settings)
        self.closed = False
        """Whether a fence closed it according to AWS, which its stack may not have recorded yet."""
        if not self.settings.follows:
            raise OpsError(f"{self.file.path.name}: follows: is missing; want the other stack of the pair")

    @property
    def naming(self) -> Naming:
        """The names of its resources in AWS."""
        account_id = str(self.output("account_id"))
        return Naming(environment=self.settings.environment, account_id=account_id, cost_center="")

    @property
    def region(self) -> str:
        """Its AWS region."""
        return self.settings.region

    @property
    def follows(self) -> str:
        """The other stack of the pair."""
        return str(self.settings.follows)

    @property
    def following(self) -> bool:
        """Whether it has a replica of the other's data."""
        return self.settings.following

    @property
    def recorded_following(self) -> bool:
        """The same, as recorded by its stack."""
        return self.outputs.get("role") == "standby" and not self.outputs.get("activated")

    @property
    def writes(self) -> bool:
        """Whether it is declared to take writes."""
        return self.settings.writes

    @property
    def is_fenced(self) -> bool:
        """Whether that is declared, and applied."""
        return self.settings.fenced and self.recorded["fenced"] is True

    @property
    @override
    def recorded(self) -> dict[str, Any]:
        """Closed is fenced."""
        return super().recorded | ({"fenced": True} if self.closed else {})

    @property
    def undone(self) -> dict[str, Any]:
        """Settings of the region's role that differ between file and stack, by key, with the stack's values."""
        # A stack of an older program has no output for generations.
        known = {key: made for key, made in self.recorded.items() if made is not None or key in ROLE}
        found = {key: made for key, made in known.items() if self.file.get(key) != made}
        return found or ({"topology": self._recorded_topology} if self.is_unrecorded else {})

    @property
    def being_rebuilt(self) -> bool:
        """Whether its file declares a replica that its stack does not have yet."""
        return self.following and not self.older and "database.generation" in self.undone

    def unapplied(self, operation: str) -> dict[str, int]:
        """What an `up` of its current file would change; nothing while its state cannot be read.

        Raises OpsError (REFUSED) if that would fail, because the operation would fail too.
        """
        try:
            return self._engine.preview_changes(self.stack)
        except UnreadableStateError:
            # It is recovered before the `up`.
            return {}
        except OpsError as error:
            failed = f"`pulumi preview --stack {self.stack}` fails, and so would the {operation}"
            raise refused([f"{failed}: {one_line(error)[:200]}"]) from None

    def unlike(self, other: "RegionStack") -> list[str]:
        """The settings in which the stack files of a pair must agree, but do not; secrets are not compared here."""
        mine, theirs = (dict(_flat(stack.file.values())) for stack in (self, other))
        keys = [key for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)]
        return [key for key in keys if not key.startswith(OWN) and not key.endswith(".secure")]

    @property
    def accounts(self) -> dict[str, str]:
        """The secrets of accounts on the database: the name of each in the outputs, and its ARN."""
        return {name: arn for name, arn in self.output("secret_arns").items() if name.startswith(ACCOUNTS)}


class EdgeStack(Stack[EdgeSettings]):
    """The edge's stack."""

    recorded_settings = MappingProxyType({"live": "live"})

    @property
    def zone_id(self) -> str:
        """The zone of the platform's names."""
        return str(self.output("zone_id"))

    @cached_property
    def token(self) -> str:
        """Cloudflare's token of the edge."""
        return self._engine.secret(self.stack, TOKEN)


class Pair:
    """Two region stacks, of which one is live, and the edge's stack, all found from the stack files."""

    def __init__(self, engine: Engine) -> None:
        self.edge = EdgeStack(_edge_stack(), engine, EdgeSettings)
        names = self.edge.settings.regions
        if len(names) != 2:
            raise OpsError(f"{self.edge.file.path.name}: regions: names {', '.join(names)}; want the stacks of a pair")
        self._regions = {name: RegionStack(name, engine) for name in names}

    @property
    def stacks(self) -> list[str]:
        """The region stacks, in the order of the edge's file."""
        return list(self._regions)

    @property
    def all(self) -> list[Stack[Any]]:
        """The regions' stacks, and the edge's."""
        return [*self._regions.values(), self.edge]

    @property
    def live(self) -> str:
        """The stack that traffic is routed to."""
        return self.edge.settings.live

    @property
    def other(self) -> str:
        """The stack that traffic is not routed to."""
        return self.other_than(self.live)

    @property
    def domain(self) -> str:
        """The platform's domain."""
        return self.edge.settings.domain

    @property
    def files(self) -> list[Path]:
        """The stack files of the pair and of its edge."""
        return [stack.file.path for stack in self.all]

    def older(self) -> list[str]:
        """A message for each file that is older than what its stack has recorded."""
        return [older for stack in self.all if (older := stack.older)]

    def is_routed_to(self, stack: str) -> bool:
        """Whether routing traffic to a stack is declared at the edge, and applied."""
        return self.live == self.edge.outputs.get("live") == stack

    def other_than(self, stack: str) -> str:
        """The other stack of the two."""
        return next(name for name in self._regions if name != self[stack].stack)

    def __getitem__(self, stack: str) -> RegionStack:
        """A region stack. Raises OpsError (USAGE) for any other name."""
        if stack not in self._regions:
            raise OpsError(f"{stack} is no region stack; want {' or '.join(self.stacks)}", Exit.USAGE)
        return self._regions[stack]

    def read(self) -> None:
        """Read the outputs of every stack in parallel, because each needs the engine."""
        with ThreadPoolExecutor() as pool:
            for job in [pool.submit(lambda stack=stack: stack.outputs) for stack in self.all]:
                job.result()


def _flat(block: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """The settings of a file by dotted key."""
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def _edge_stack() -> str:
    """The stack with the role of the edge. The others are its regions, or irrelevant here."""
    found = [stack for stack in stacks() if StackFile.of(stack).get("role") == "edge"]
    if len(found) != 1:
        there = ", ".join(found) or "none"
        raise OpsError(f"want one stack file with role edge, which names the pair; there is {there}")
    return found[0]
