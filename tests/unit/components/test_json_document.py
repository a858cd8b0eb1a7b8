"""Documents with outputs: equal to the SDK's own, including secrets."""

from typing import Any

import pulumi
import pytest
from fake_cloud import deploy

from components.json_document import json_document

OUTPUT = pulumi.Output.from_input


@pytest.mark.parametrize(
    "content",
    [
        dict,
        lambda: ["plain", 1, None, True],
        lambda: {"b": [OUTPUT("second"), "x", OUTPUT("third")], "a": ({"deep": OUTPUT({"of": OUTPUT(1)})},)},
    ],
    ids=["empty", "plain", "outputs"],
)
def test_it_reads_as_the_sdks_own(content: Any) -> None:
    cloud = deploy(lambda: (json_document(content()), pulumi.Output.json_dumps(content())))
    ours, theirs = map(cloud.value, cloud.built)
    assert ours == theirs


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_in_it_makes_it_one(secret: bool) -> None:
    def build() -> pulumi.Output[bool]:
        value = pulumi.Output.secret("s") if secret else OUTPUT("s")
        return OUTPUT(json_document({"key": [value]}).is_secret())

    cloud = deploy(build)
    assert cloud.value(cloud.built) is secret
