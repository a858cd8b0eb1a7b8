"""The two regions and the edge before them, from the stack files and the stacks' outputs: no cloud is asked."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from ops.core.engine import Engine
from ops.core.stack_files import StackFile, stacks
from ops.errors import Exit, OpsError


class RegionStack:
    """A region's stack: what its file declares, and its outputs as the state backend has them."""

    def __init__(self, stack: str, engine: Engine) -> None:
        self.stack = stack
        self.file = StackFile.of(stack)
        self._engine = engine

    @property
    def region(self) -> str:
        """Its AWS region."""
        return str(self.file.get("region"))

    @property
    def role(self) -> str:
        """`primary` or `standby`."""
        return str(self.file.get("role"))

    @property
    def follows(self) -> str:
        """The other stack of the pair."""
        return str(self.file.get("follows"))

    @property
    def activated(self) -> bool:
        """Whether a standby was made a region of its own."""
        return bool(self.file.get("activated", False))

    @property
    def fenced(self) -> bool:
        """Whether nobody may write here."""
        return bool(self.file.get("fenced", False))

    @property
    def posture(self) -> str:
        """`pilot-light` or `warm`."""
        return str(self.file.get("posture"))

    @property
    def generation(self) -> int:
        """Generation of the database's name."""
        return int(self.file.get("database.generation", 1))

    @property
    def kept_generations(self) -> list[int]:
        """Generations of former databases that are still there."""
        return [int(number) for number in self.file.get("database.kept_generations", [])]

    @property
    def following(self) -> bool:
        """Whether it holds a replica of the other's data."""
        return self.role == "standby" and not self.activated

    @property
    def writes(self) -> bool:
        """Whether it is declared to take writes."""
        return not self.following and not self.fenced

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; {} before its first `up`."""
        return self._engine.outputs(self.stack)

    def output(self, name: str) -> Any:
        """An output. Raises OpsError where the stack has none of that name."""
        if name not in self.outputs:
            raise OpsError(f"stack {self.stack} has no output {name}: run `pulumi up --stack {self.stack}`")
        return self.outputs[name]

    def forget(self) -> None:
        """Read the outputs anew the next time: an `up` has changed them."""
        self.__dict__.pop("outputs", None)


class Pair:
    """Two region stacks, one of them live, and the edge's stack, all found in the stack files."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.edge = _edge_stack()
        self.edge_file = StackFile.of(self.edge)
        names = self.edge_file.get("regions")
        if not isinstance(names, list) or len(names) != 2:
            raise OpsError(f"{self.edge_file.path.name}: regions: want the two region stacks")
        self._stacks = {str(name): RegionStack(str(name), engine) for name in names}
        if self.live not in self._stacks:
            raise OpsError(f"{self.edge_file.path.name}: live: {self.live} is not one of {', '.join(self.stacks)}")

    @property
    def stacks(self) -> list[str]:
        """The region stacks, in the order of the edge's file."""
        return list(self._stacks)

    @property
    def live(self) -> str:
        """The stack that traffic is routed to."""
        return str(self.edge_file.get("live"))

    @property
    def other(self) -> str:
        """The stack that traffic is not routed to."""
        return self.other_than(self.live)

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
        return str(self.edge_file.get("domain"))

    @cached_property
    def edge_outputs(self) -> dict[str, Any]:
        """The edge's outputs; {} before its first `up`."""
        return self.engine.outputs(self.edge)

    def edge_output(self, name: str) -> Any:
        """An output of the edge. Raises OpsError where the stack has none of that name."""
        if name not in self.edge_outputs:
            raise OpsError(f"stack {self.edge} has no output {name}: run `pulumi up --stack {self.edge}`")
        return self.edge_outputs[name]

    def forget(self) -> None:
        """Read the outputs anew the next time."""
        self.__dict__.pop("edge_outputs", None)
        for stack in self._stacks.values():
            stack.forget()

    def read(self, stacks: Iterable[str]) -> None:
        """Read the outputs of several region stacks and of the edge side by side: each asks the engine."""
        self.engine.prepare()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(lambda: self.edge_outputs)]
            jobs += [pool.submit(lambda stack=stack: self[stack].outputs) for stack in stacks]
            for job in jobs:
                job.result()


def _edge_stack() -> str:
    """The stack whose role is the edge's."""
    found = [stack for stack in stacks() if StackFile.of(stack).get("role") == "edge"]
    if len(found) != 1:
        there = ", ".join(found) or "none"
        raise OpsError(f"want one stack file with role edge, there is {there}; the others are its regions")
    return found[0]
