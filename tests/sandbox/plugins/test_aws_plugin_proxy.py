"""The AWS plugin's service: requests to the bridge, answers to the engine, and errors."""

from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.aws.proxy import STATUS_DETAILS, AwsProvider

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
BRIDGE_LIFECYCLE = "aws:index/s3BucketLifecycleConfiguration:S3BucketLifecycleConfiguration"
PARENTS = "urn:pulumi:prod::askproai::askproai:storage:Storage$askproai:storage:BucketParts$"
URN = f"{PARENTS}{LIFECYCLE}::storage-logs::lifecycle"

OURS = {"rules": [{"expiration": {"days": 7}}]}
THEIRS = {"rules": [{"expirations": [{"days": 7}]}]}


class AbortedError(Exception):
    """What a call ended with."""


class Context:
    """Of one call: keeps what the engine would be told."""

    trailing: tuple[tuple[str, bytes], ...] = ()

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.trailing = metadata

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise AbortedError(code, details)


class Refusal(grpc.RpcError):
    """The bridge's error, with what it attached."""

    def __init__(self, *details: Any) -> None:
        super().__init__()
        self._status = status_pb2.Status(code=2, message="it failed")
        for detail in details:
            self._status.details.add().Pack(detail)

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "it failed"

    def trailing_metadata(self) -> Any:
        return (("other", b""), (STATUS_DETAILS, self._status.SerializeToString()))


class Bridge:
    """A fake of the bridge's stub: records calls, and returns given answers."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[Any] = []
        self._answers = answers

    def __getattr__(self, method: str) -> Any:
        def call(request: Any) -> Any:
            self.asked.append(request)
            answer = self._answers[method]
            if isinstance(answer, grpc.RpcError):
                raise answer
            return answer

        return call


def struct(values: dict[str, Any]) -> Struct:
    return ParseDict(values, Struct())


def ask(bridge: Bridge, method: str, request: Any, context: Context | None = None) -> Any:
    provider = AwsProvider(bridge, "7.0.0")  # type: ignore[arg-type] a fake
    return getattr(provider, method)(request, context or Context())


def test_the_bridge_is_asked_in_its_own_words() -> None:
    bridge = Bridge(Create=provider_pb2.CreateResponse(id="1", properties=struct(THEIRS)))
    answer = ask(bridge, "Create", provider_pb2.CreateRequest(urn=URN, type=LIFECYCLE, properties=struct(OURS)))
    (asked,) = bridge.asked
    assert asked.type == BRIDGE_LIFECYCLE
    assert asked.urn == f"{PARENTS}{BRIDGE_LIFECYCLE}::storage-logs::lifecycle"
    assert MessageToDict(asked.properties) == THEIRS
    assert MessageToDict(answer.properties) == OURS
    assert answer.id == "1"


@pytest.mark.parametrize(
    ("method", "given", "answer"),
    [
        ("Check", ("olds", "news"), provider_pb2.CheckResponse(inputs=struct(THEIRS))),
        ("Update", ("olds", "news", "old_inputs"), provider_pb2.UpdateResponse(properties=struct(THEIRS))),
        ("Read", ("properties", "inputs"), provider_pb2.ReadResponse(inputs=struct(THEIRS), properties=struct(THEIRS))),
        ("Delete", ("properties", "old_inputs"), empty_pb2.Empty()),
        ("Diff", ("olds", "news", "old_inputs"), provider_pb2.DiffResponse()),
    ],
)
def test_every_property_of_a_call_is_converted(method: str, given: tuple[str, ...], answer: Any) -> None:
    answered_with = [field.name for field, _ in answer.ListFields()]
    bridge = Bridge(**{method: answer})
    request = getattr(provider_pb2, f"{method}Request")(urn=URN, **{name: struct(OURS) for name in given})
    answered = ask(bridge, method, request)
    assert [MessageToDict(getattr(bridge.asked[0], name)) for name in given] == [THEIRS] * len(given)
    assert [MessageToDict(getattr(answered, name)) for name in answered_with] == [OURS] * len(answered_with)


def test_what_is_not_given_is_not_made_up() -> None:
    bridge = Bridge(Update=provider_pb2.UpdateResponse())
    answer = ask(bridge, "Update", provider_pb2.UpdateRequest(urn=URN, news=struct(OURS)))
    assert not bridge.asked[0].HasField("olds")
    assert not answer.HasField("properties")


def test_ignored_paths_are_the_bridges_and_changed_paths_the_programs() -> None:
    replace = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE_REPLACE)
    update = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE)
    path = "rules[0].expirations[0].days"
    bridge = Bridge(
        Diff=provider_pb2.DiffResponse(
            replaces=[path], diffs=[path, "bucket"], detailedDiff={path: replace, "bucket": update}
        )
    )
    answer = ask(bridge, "Diff", provider_pb2.DiffRequest(urn=URN, ignoreChanges=["rules[0].filter.prefix"]))
    assert list(bridge.asked[0].ignoreChanges) == ["rules[0].filters[0].prefix"]
    assert list(answer.replaces) == ["rules[0].expiration.days"]
    assert list(answer.diffs) == ["rules[0].expiration.days", "bucket"]
    assert dict(answer.detailedDiff) == {"rules[0].expiration.days": replace, "bucket": update}


def test_a_refused_property_is_named_as_the_program_names_it() -> None:
    failure = provider_pb2.CheckFailure(property="rules[0].filters", reason="no")
    bridge = Bridge(Check=provider_pb2.CheckResponse(failures=[failure]))
    answer = ask(bridge, "Check", provider_pb2.CheckRequest(urn=URN, news=struct(OURS)))
    assert [(f.property, f.reason) for f in answer.failures] == [("rules[0].filter", "no")]


def test_an_argument_that_the_provider_does_not_know_is_refused_before_it_is_asked() -> None:
    bridge = Bridge()
    answer = ask(bridge, "Check", provider_pb2.CheckRequest(urn=URN, news=struct({**OURS, "region": "r"})))
    assert [failure.property for failure in answer.failures] == ["region"]
    assert "aws_s3_bucket_lifecycle_configuration has no such argument" in answer.failures[0].reason
    assert bridge.asked == []


def test_a_type_without_a_row_is_an_error_that_names_the_table() -> None:
    request = provider_pb2.CreateRequest(urn="urn:pulumi:prod::askproai::aws:ec2/ami:Ami::image")
    with pytest.raises(AbortedError) as caught:
        ask(Bridge(), "Create", request)
    code, details = caught.value.args
    assert code == grpc.StatusCode.UNIMPLEMENTED
    assert details.startswith("aws:ec2/ami:Ami is not in sandbox/plugins/aws/tokens.yaml")


def test_a_lookup_without_a_row_is_an_error_that_names_the_table() -> None:
    with pytest.raises(AbortedError, match=r"getAmi is not in sandbox/plugins/aws/tokens.yaml"):
        ask(Bridge(), "Invoke", provider_pb2.InvokeRequest(tok="aws:ec2/getAmi:getAmi"))


def test_the_bridges_errors_are_passed_on() -> None:
    with pytest.raises(AbortedError) as caught:
        ask(Bridge(Configure=Refusal()), "Configure", provider_pb2.ConfigureRequest())
    assert caught.value.args == (grpc.StatusCode.UNKNOWN, "it failed")


def test_a_resource_made_in_part_keeps_its_state_in_the_programs_words() -> None:
    partial = provider_pb2.ErrorResourceInitFailed(
        id="1", reasons=["no"], properties=struct(THEIRS), inputs=struct(THEIRS)
    )
    context = Context()
    with pytest.raises(AbortedError):
        ask(Bridge(Create=Refusal(partial)), "Create", provider_pb2.CreateRequest(urn=URN), context)
    ((key, value),) = context.trailing
    (detail,) = status_pb2.Status.FromString(value).details
    told = provider_pb2.ErrorResourceInitFailed()
    assert key == STATUS_DETAILS
    assert detail.Unpack(told)
    assert (told.id, list(told.reasons)) == ("1", ["no"])
    assert MessageToDict(told.properties) == MessageToDict(told.inputs) == OURS


def test_it_is_the_plugin_of_the_sdk() -> None:
    assert ask(Bridge(), "GetPluginInfo", empty_pb2.Empty()).version == "7.0.0"
    assert '"name": "aws"' in ask(Bridge(), "GetSchema", provider_pb2.GetSchemaRequest()).schema
