"""The only fake cloud of the unit tests: it records everything that a program registers, and refuses unknown calls.

cloud = deploy(lambda: Network("network", NetworkArgs(...)))
cloud.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"]        # inputs are spelled as on the wire, as policies see them
cloud.of("aws:ec2/subnet:Subnet")                       # all of a type, by logical name
cloud.one("aws:kms/key:Key", "keys-data").protect       # a logical name where a type has many
cloud.value(cloud.built.vpc.id)                         # the value of an output of what the function returned
deploy(..., answers={"aws:ssm/getParameter:getParameter": {"value": "ami-1"}})          # lookups, by token
deploy(..., stacks={"organization/askproai/prod": {"vpc_id": "vpc-1"}})                 # other stacks' outputs
"""

import asyncio
import atexit
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Generic, TypeVar

import pulumi
from fake_outputs import Where, computed
from google.protobuf import struct_pb2
from pulumi import _types
from pulumi.runtime import get_root_resource, resource, rpc, set_mocks
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import wait_for_rpcs
from typing_extensions import override

from recorded import READ_OUTPUTS

T = TypeVar("T")
Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]

# Finding a resource's position in the source takes a seventh of the SDK's time, and no test needs it.
resource._get_stack_trace = source_pb2.StackTrace


def _track(self: pulumi.Output[T]) -> None:
    """Keep an output until the program ends; in the SDK each removes itself, which takes a fifth of a large program's
    time."""
    SETTINGS.outputs.add(self._data)  # type: ignore[missing-attribute] the SDK's types show a decorator here


pulumi.Output._track = _track  # type: ignore[method-assign]

# The same few types are analyzed for every property of every resource, which takes a tenth of a region's time.
_types.unwrap_type = cache(_types.unwrap_type)

READING = asyncio.new_event_loop()
"""The event loop for outputs of programs that have ended. With a loop for each, its end would check all others'
leftovers."""
atexit.register(READING.close)

STACK_REFERENCE = "pulumi:pulumi:StackReference"
AWS_PROVIDER = "pulumi:providers:aws"
FAKE_REGION = "fake-central-1"
FAKE_ACCOUNT = "000000000000"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One registered resource; secrets in `inputs` are unwrapped, and the inputs that held one are in `secrets`."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    inputs: dict[str, Any]
    secrets: frozenset[str]
    custom: bool
    protect: bool
    depends_on: frozenset[str]
    ignore_changes: tuple[str, ...]
    aliases: tuple[str, ...]
    delete_before_replace: bool
    retain_on_delete: bool
    replace_on_changes: tuple[str, ...]
    timeouts: dict[str, str]

    def document(self, wire_name: str = "policy") -> dict[str, Any]:
        """An input with JSON, parsed."""
        return json.loads(self.inputs[wire_name])


@dataclass(frozen=True, kw_only=True)
class Cloud(Generic[T]):
    """What one program registered and exported, the stacks that it read, and the result of its function."""

    built: T
    resources: list[Record]
    exports: dict[str, Any]
    registered_outputs: dict[str, dict[str, Any]]
    stacks_read: list[str]

    def of(self, type_token: str) -> list[Record]:
        """Every resource of a type, ordered by logical name."""
        return sorted((r for r in self.resources if r.type == type_token), key=lambda r: r.name)

    def one(self, type_token: str, name: str | None = None) -> Record:
        """The only resource of a type, or the one with that logical name; LookupError lists the existing ones."""
        found = [r for r in self.of(type_token) if name in (None, r.name)]
        if len(found) != 1:
            names = ", ".join(r.name for r in self.of(type_token)) or "none"
            raise LookupError(
                f"{len(found)} resources match {type_token} {name or ''}; of this type there are: {names}"
            )
        return found[0]

    def value(self, output: Any) -> Any:
        """The value of an output; plain values are returned unchanged."""

        return READING.run_until_complete(output.future()) if isinstance(output, pulumi.Output) else output


@dataclass(kw_only=True)
class _Answers(Mocks):
    where: Where
    answers: Mapping[str, Answer]
    stacks: Mapping[str, Mapping[str, Any]]
    regions: dict[str, str] = field(default_factory=dict)
    stacks_read: list[str] = field(default_factory=list)

    @override
    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == READ_OUTPUTS:
            return {"outputs": dict(self.stacks.get(args.args["name"], {}))}, []
        if args.token not in self.answers:
            raise LookupError(f"the program looks up {args.token}({args.args}): give deploy() an answer for it")
        answer = self.answers[args.token]
        return dict(answer(args.args) if callable(answer) else answer), []

    @override
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == STACK_REFERENCE:
            return args.resource_id, self._stack_reference(args.inputs["name"])
        if args.typ == AWS_PROVIDER:
            self.regions[args.name] = args.inputs["region"]
        return computed(args.typ, args.name, args.inputs, self._where(args)) if args.custom else (None, args.inputs)

    def _where(self, args: MockResourceArgs) -> Where:
        """The region of the resource's provider, if the program declares one."""
        provider = (args.provider or "").rpartition("::")[0].rpartition("::")[2]
        return replace(self.where, region=self.regions.get(provider, self.where.region))

    def _stack_reference(self, stack: str) -> dict[str, Any]:
        if stack not in self.stacks:
            raise LookupError(f"the program reads stack {stack}: give deploy() its outputs")
        self.stacks_read.append(stack)
        return {"name": stack, "outputs": dict(self.stacks[stack]), "secretOutputNames": []}


@dataclass
class _Monitor(MockMonitor):
    """The engine's side: SDK mocks see neither parent nor protect, so the requests themselves are recorded."""

    mocks: Mocks
    records: list[Record] = field(default_factory=list)
    urns: set[str] = field(default_factory=set)
    registered_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.mocks)

    @override
    def RegisterResource(self, request: Any) -> Any:
        """Answer like the SDK's own mock, whose serialization takes a seventh of a large program's calls."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.urns:
            raise ValueError(f"two resources have the logical name {request.name}: {urn}")
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self.urns.add(urn)
        inputs = rpc.deserialize_properties(request.object)
        self.records.append(_record(urn, request, inputs))
        asked = MockResourceArgs(
            typ=request.type,
            name=request.name,
            inputs=inputs,
            provider=request.provider,
            resource_id=request.importId,
            custom=request.custom,
        )
        resource_id, outputs = self.mocks.new_resource(asked)
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)
        answer.update({key: value for key, value in outputs.items() if value is not inputs.get(key)})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource_id or "", object=answer)

    @override
    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.registered_outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def _record(urn: str, request: Any, wire_inputs: Mapping[str, Any]) -> Record:
    secrets = frozenset(k for k, v in wire_inputs.items() if rpc.is_rpc_secret(v))
    return Record(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent,
        provider=request.provider,
        inputs={k: rpc.unwrap_rpc_secret(v) for k, v in wire_inputs.items()},
        secrets=secrets,
        custom=request.custom,
        protect=request.protect,
        depends_on=frozenset(request.dependencies),
        ignore_changes=tuple(request.ignoreChanges),
        aliases=tuple(alias.spec.name or alias.urn.rpartition("::")[2] for alias in request.aliases),
        delete_before_replace=request.deleteBeforeReplace,
        retain_on_delete=request.retainOnDelete,
        replace_on_changes=tuple(request.replaceOnChanges),
        timeouts={field.name: value for field, value in request.customTimeouts.ListFields()},
    )


async def _to_the_end(outputs: set[asyncio.Task[Any]]) -> None:
    """Wait for registrations and outputs, which cause each other.

    The SDK's own wait checks all outputs again after each one, which takes a third of a large program's time.
    """
    while True:
        await wait_for_rpcs(await_all_outstanding_tasks=False)
        waiting = tuple(outputs)
        if not waiting:
            return
        outputs.difference_update(waiting)
        await asyncio.gather(*waiting)


async def _at_once(_executor: object, call: Callable[..., Any], *args: Any) -> Any:
    """The fake engine answers immediately: calling it in another thread takes longer than its answer."""
    return call(*args)


def deploy(
    build: Callable[[], T],
    *,
    region: str = FAKE_REGION,
    account_id: str = FAKE_ACCOUNT,
    answers: Mapping[str, Answer] | None = None,
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
    stack: str = "prod",
) -> Cloud[T]:
    """Run `build` as a program on an empty fake cloud, to the end of its last resource.

    `answers` are the allowed lookups, by token, as a result or a function of the arguments; `stacks` are the outputs of
    the stacks that it may refer to. This raises whatever the program raises.
    """
    where = Where(region=region, account_id=account_id)
    mocks = _Answers(where=where, answers=answers or {}, stacks=stacks or {})
    monitor = _Monitor(mocks)
    built: list[T] = []
    exports: dict[str, Any] = {}

    async def program() -> None:
        # This loop's own set: outputs that a failed program left belong to a loop that has ended.
        outputs: set[asyncio.Task[Any]] = set()
        SETTINGS.outputs = outputs  # type: ignore[assignment] the SDK's types show a decorator here
        # One refusal fails every dependent resource: only the first is raised, the others would fill the screen.
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)
        loop.run_in_executor = _at_once  # type: ignore[method-assign] it is awaited, all the same
        set_mocks(monitor.mocks, "askproai", stack, preview=False, monitor=monitor, organization="organization")
        built.append(build())
        await _to_the_end(outputs)
        root = get_root_resource()
        exports.update(await pulumi.Output.all(**getattr(root, "outputs", {})).future() or {})

    # In a separate thread with a short stack, because the SDK records the whole stack for every resource.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(copy_context().run, asyncio.run, program()).result()
    return Cloud(
        built=built[0],
        resources=monitor.records,
        exports=exports,
        registered_outputs=monitor.registered_outputs,
        stacks_read=mocks.stacks_read,
    )
