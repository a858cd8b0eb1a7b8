"""Pulumi's generated protocol without the rest of the SDK, which would double a plugin's start-up time."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from google.protobuf.pyext import cpp_message

AROUND = ("pulumi", "pulumi.runtime")


@contextmanager
def _alone() -> Iterator[None]:
    """Empty packages in place of the SDK's, unless the SDK is already loaded."""
    if "pulumi" in sys.modules:
        yield
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pulumi is not installed here", name="pulumi")
    site = Path(spec.origin).parent.parent
    for name in AROUND:
        package = ModuleType(name)
        package.__path__ = [str(site.joinpath(*name.split(".")))]
        sys.modules[name] = package
    try:
        yield
    finally:
        # Whoever imports the SDK later gets the real one.
        for name in AROUND:
            del sys.modules[name]


# A web ACL's state is nested deeper than protobuf reads by default. The SDK lifts the limit when it is imported.
cpp_message._message.SetAllowOversizeProtos(True)

with _alone():
    from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

__all__ = ["language_pb2", "language_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc"]
