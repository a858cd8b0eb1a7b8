"""Whole regions on the fake cloud; those of the committed stack files are composed once for all tests."""

from functools import cache

import pulumi
from broken_files import GOOD_SECRETS
from fake_cloud import Cloud, Record, deploy
from stack_files import settings_of

from outputs import RegionOutputs
from region import compose
from settings import Settings, StackSecrets

STACKS = ("prod", "dr")
PROVIDER = "pulumi:providers:aws"


def composed(settings: Settings) -> Cloud[RegionOutputs]:
    """The region of these settings, its record exported."""

    def build() -> RegionOutputs:
        secrets = {name: pulumi.Output.secret(value) for name, value in GOOD_SECRETS.items()}
        outputs = compose(settings, StackSecrets(**secrets))
        outputs.export()
        return outputs

    return deploy(build, region=settings.region, account_id=settings.account_id, stack=settings.environment)


@cache
def region(stack: str) -> Cloud[RegionOutputs]:
    """The region of a committed stack file."""
    return composed(settings_of(stack))


def declared(cloud: Cloud[RegionOutputs]) -> list[Record]:
    """What the region has in AWS: all but the components, which are our own, and the provider."""
    return [resource for resource in cloud.resources if resource.custom and resource.type != PROVIDER]
