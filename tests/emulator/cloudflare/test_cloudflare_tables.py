"""The generated tables of the emulated Cloudflare and its plugin, made again from the installed SDKs."""

from sandbox.cloudflare import generate as generate_schemas
from sandbox.cloudflare import request_schemas
from sandbox.plugins.cloudflare import generate as generate_shapes
from sandbox.plugins.cloudflare import shapes


def test_the_request_schemas_are_those_of_cloudflares_sdk() -> None:
    assert request_schemas.table() == generate_schemas.build(), "run `python -m sandbox.cloudflare.generate`"


def test_the_shapes_are_those_of_pulumi_cloudflare() -> None:
    assert shapes.table() == generate_shapes.build(), "run `python -m sandbox.plugins.cloudflare.generate`"
