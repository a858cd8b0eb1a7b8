"""The two regions and the edge before them, from the stack files and the stacks' outputs: no cloud is asked."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from naming import Naming
from ops.core.engine import Engine
from ops.core.recovery import outputs
from ops.core.stack_files import StackFile, project, stacks
from ops.errors import Exit, OpsError
from project_files import UnreadableFileError
from settings import ConfigurationError, EdgeSettings, Settings, StackSettings, read
from topology import older

OWN = (
    *("activated", "allow_destroy_of", "environment", "fenced", "follows", "posture", "region", "role", "topology"),
    *("database.generation", "database.restored", "database.retained_generations", "network."),
    *("database.backup_window", "database.maintenance_window"),
    *("vpn.client_authority_arn", "vpn.server_certificate_arn"),
)
"""Settings, or beginnings of their keys, that each region of a pair has of its own."""
ROLE = ("role", "activated", "fenced")
ACCOUNTS = "database-"
"""How the names of accounts on the database begin among the stack's secrets (`components/security/secrets.py`)."""
RECORDED = {
    **{key: key for key in ROLE},
    "database.generation": "database_generation",
    "database.retained_generations": "retained_database_generations",
}
"""The settings that say who writes, whose changes `topology` counts, and the outputs that have them."""


class RegionStack:
    """A region's stack: what its file declares, and its outputs as the state backend has them."""

    def __init__(self, stack: str, engine: Engine) -> None:
        self.stack = stack
        self.file = StackFile.of(stack)
        self.closed = False
        """Whether AWS says that a fence closed it, which its stack may not have recorded yet."""
        self._engine = engine
        if not self.settings.follows:
            raise OpsError(f"{self.file.path.name}: follows: is missing; want the other stack of the pair")

    @property
    def settings(self) -> Settings:
        """Its settings, as the files have them now. Raises OpsError with every problem of them."""
        found = judged(self.stack)
        if not isinstance(found, Settings):
            raise OpsError(f"{self.file.path.name}: role: {found.role} is not a region's")
        return found

    @property
    def naming(self) -> Naming:
        """How what it has is named in AWS."""
        account_id = str(self.output("account_id"))
        return Naming(environment=self.settings.environment, account_id=account_id, cost_center="")

    @property
    def region(self) -> str:
        """Its AWS region."""
        return self.settings.region

    @property
    def role(self) -> str:
        """`primary` or `standby`."""
        return self.settings.role

    @property
    def follows(self) -> str:
        """The other stack of the pair."""
        return str(self.settings.follows)

    @property
    def activated(self) -> bool:
        """Whether a standby was made a region of its own."""
        return self.settings.activated

    @property
    def fenced(self) -> bool:
        """Whether nobody may write here."""
        return self.settings.fenced

    @property
    def is_fenced(self) -> bool:
        """Whether it is declared so, and was brought there."""
        return self.fenced and self.recorded["fenced"] is True

    @property
    def undone(self) -> dict[str, Any]:
        """What the file says of the region's role and the stack has otherwise, by key: as the stack has it."""
        # A stack of an older program has no generations among its outputs.
        known = {key: made for key, made in self.recorded.items() if made is not None or key in ROLE}
        return {key: made for key, made in known.items() if self.file.get(key) != made}

    @property
    def recorded(self) -> dict[str, Any]:
        """What the stack has recorded of who writes, by the setting's key; closed is fenced."""
        made = {key: self.outputs.get(name) for key, name in RECORDED.items()}
        return made | ({"fenced": True} if self.closed else {})

    @property
    def older(self) -> str:
        """That the file is older than what the stack has recorded, in a sentence; empty where it is not."""
        return _older(self.stack, self.settings.topology, self.outputs)

    def declare(self, values: Mapping[str, Any]) -> None:
        """Write settings into the file; a change of who writes raises its `topology`."""
        moved = any(key in RECORDED for key in self.file.changes(values))
        self.file.set({**values, **(_raised(self.settings.topology, self.outputs) if moved else {})})

    @property
    def posture(self) -> str:
        """`pilot-light` or `warm`."""
        return str(self.settings.posture)

    @property
    def generation(self) -> int:
        """Generation of the database's name."""
        return self.settings.database.generation

    @property
    def retained_generations(self) -> list[int]:
        """Generations of former databases that are still there."""
        return self.settings.database.retained_generations

    @property
    def following(self) -> bool:
        """Whether it holds a replica of the other's data."""
        return self.settings.following

    @property
    def writes(self) -> bool:
        """Whether it is declared to take writes."""
        return self.settings.writes

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; {} before its first `up`."""
        return outputs(self._engine, self.stack)

    def unapplied(self) -> dict[str, int]:
        """What an `up` of its file, as it is now, would change. Raises OpsError where that would fail."""
        return self._engine.preview_changes(self.stack)

    def unlike(self, other: "RegionStack") -> list[str]:
        """The settings in which two stack files of a pair must agree and do not; secrets are not compared here."""
        mine, theirs = (dict(_flat(stack.file.values())) for stack in (self, other))
        keys = [key for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)]
        return [key for key in keys if not key.startswith(OWN) and not key.endswith(".secure")]

    def output(self, name: str) -> Any:
        """An output. Raises OpsError where the stack has none of that name."""
        if name not in self.outputs:
            raise OpsError(f"stack {self.stack} has no output {name}: run `pulumi up --stack {self.stack}`")
        return self.outputs[name]

    @property
    def accounts(self) -> dict[str, str]:
        """The secrets of accounts on the database: the name of each in the outputs, and its ARN."""
        return {name: arn for name, arn in self.output("secret_arns").items() if name.startswith(ACCOUNTS)}

    def forget(self) -> None:
        """Read the outputs anew the next time: an `up` has changed them."""
        self.__dict__.pop("outputs", None)


class Pair:
    """Two region stacks, one of them live, and the edge's stack, all found in the stack files."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.edge = _edge_stack()
        self.edge_file = StackFile.of(self.edge)
        names = self._edge_settings.regions
        if len(names) != 2:
            raise OpsError(f"{self.edge_file.path.name}: regions: names {', '.join(names)}; want the stacks of a pair")
        self._stacks = {name: RegionStack(name, engine) for name in names}

    @property
    def _edge_settings(self) -> EdgeSettings:
        found = judged(self.edge)
        assert isinstance(found, EdgeSettings)
        return found

    @property
    def stacks(self) -> list[str]:
        """The region stacks, in the order of the edge's file."""
        return list(self._stacks)

    @property
    def files(self) -> list[Path]:
        """The stack files of the pair and of its edge."""
        return [*(stack.file.path for stack in self._stacks.values()), self.edge_file.path]

    @property
    def live(self) -> str:
        """The stack that traffic is routed to."""
        return self._edge_settings.live

    @property
    def other(self) -> str:
        """The stack that traffic is not routed to."""
        return self.other_than(self.live)

    def route(self, stack: str) -> None:
        """Declare the stack that traffic is routed to, which raises the file's `topology`."""
        if self.live != stack:
            self.edge_file.set({"live": stack, **_raised(self._edge_settings.topology, self.edge_outputs)})

    def older(self, *stacks: str) -> list[str]:
        """Which of these files, by default of all, are older than what their stacks have recorded: a sentence each."""
        found = {name: stack.older for name, stack in self._stacks.items()}
        found[self.edge] = _older(self.edge, self._edge_settings.topology, self.edge_outputs)
        return [line for name, line in found.items() if line and name in (stacks or found)]

    def adopt(self, stack: str) -> dict[str, Any]:
        """What a stack has recorded, as settings for its file."""
        if stack == self.edge:
            return {"live": self.edge_output("live"), "topology": int(self.edge_output("topology"))}
        return {**self[stack].recorded, "topology": int(self[stack].output("topology"))}

    def is_routed_to(self, stack: str) -> bool:
        """Whether the edge is declared to route traffic to a stack, and was brought there."""
        return self.live == self.edge_outputs.get("live") == stack

    def other_than(self, stack: str) -> str:
        """The other stack of the two."""
        return next(name for name in self._stacks if name != self[stack].stack)

    def __getitem__(self, stack: str) -> RegionStack:
        """A region stack. Raises OpsError (USAGE) for a name that is neither of the two."""
        if stack not in self._stacks:
            raise OpsError(f"{stack} is no region stack; want {' or '.join(self.stacks)}", Exit.USAGE)
        return self._stacks[stack]

    @property
    def domain(self) -> str:
        """The platform's domain."""
        return self._edge_settings.domain

    @cached_property
    def edge_outputs(self) -> dict[str, Any]:
        """The edge's outputs; {} before its first `up`."""
        return outputs(self.engine, self.edge)

    def edge_output(self, name: str) -> Any:
        """An output of the edge. Raises OpsError where the stack has none of that name."""
        if name not in self.edge_outputs:
            raise OpsError(f"stack {self.edge} has no output {name}: run `pulumi up --stack {self.edge}`")
        return self.edge_outputs[name]

    def do_without_outputs(self) -> None:
        """Know of no outputs: their backend does not answer."""
        self.__dict__["edge_outputs"] = dict[str, Any]()
        for stack in self._stacks.values():
            stack.__dict__["outputs"] = dict[str, Any]()

    def forget(self) -> None:
        """Read the outputs anew the next time."""
        self.__dict__.pop("edge_outputs", None)
        for stack in self._stacks.values():
            stack.forget()

    def read(self, stacks: Iterable[str]) -> None:
        """Read the outputs of several region stacks and of the edge side by side: each asks the engine."""
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(lambda: self.edge_outputs)]
            jobs += [pool.submit(lambda stack=stack: self[stack].outputs) for stack in stacks]
            for job in jobs:
                job.result()


def _older(stack: str, topology: int, outputs: Mapping[str, Any]) -> str:
    recorded = int(outputs.get("topology") or 0)
    return older(stack, topology, recorded) if topology < recorded else ""


def _raised(topology: int, outputs: Mapping[str, Any]) -> dict[str, int]:
    return {"topology": max(topology, int(outputs.get("topology") or 0)) + 1}


def _flat(block: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """The settings of a file by dotted key."""
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def judged(stack: str) -> StackSettings:
    """A stack's settings. Raises OpsError with every problem of its file, as `pulumi up` would refuse it."""
    try:
        return read(project(), stack)
    except (ConfigurationError, UnreadableFileError) as error:
        raise OpsError(str(error)) from None


def _edge_stack() -> str:
    """The stack whose role is the edge's. Others of the files are the regions that it names, or of no concern here."""
    found = [stack for stack in stacks() if StackFile.of(stack).get("role") == "edge"]
    if len(found) != 1:
        there = ", ".join(found) or "none"
        raise OpsError(f"want one stack file with role edge, which names the pair; there is {there}")
    return found[0]
