"""The generated tables of the emulated Cloudflare and its plugin, made again from the installed SDKs."""

from sandbox.cloudflare import bodies
from sandbox.cloudflare import generate as generate_bodies
from sandbox.plugins.cloudflare import generate as generate_shapes
from sandbox.plugins.cloudflare import shapes


def test_the_bodies_are_those_of_cloudflares_sdk() -> None:
    assert bodies.table() == generate_bodies.build(), "run `python -m sandbox.cloudflare.generate`"


def test_the_shapes_are_those_of_pulumi_cloudflare() -> None:
    assert shapes.table() == generate_shapes.build(), "run `python -m sandbox.plugins.cloudflare.generate`"
