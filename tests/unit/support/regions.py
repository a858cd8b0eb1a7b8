"""Whole regions on the fake cloud."""

from typing import Any

from fake_cloud import Cloud, Record, deploy
from parts import LONG_SITE, stack_secrets
from stack_files import offsite_of, settings_of

from outputs import RegionOutputs
from region import compose
from settings import Settings

STACKS = ("prod", "dr")
PROVIDER = "pulumi:providers:aws"
FOLLOWED_ARN = "arn:aws:rds:elsewhere-1:123456789012:db:askproai-followed"
"""The database of the other stack, in a region that no stack file names."""
FORMER = {"generation": 3, "retained_generations": [1, 2]}
_composed: dict[str, Cloud[RegionOutputs]] = {}


def composed(settings: Settings) -> Cloud[RegionOutputs]:
    """The region of these settings, with its outputs exported; composed once."""
    content = settings.model_dump_json()
    if content not in _composed:
        _composed[content] = _compose(settings)
    return _composed[content]


def _compose(settings: Settings) -> Cloud[RegionOutputs]:
    def build() -> RegionOutputs:
        outputs = compose(settings, stack_secrets())
        outputs.export()
        return outputs

    followed = {f"organization/askproai/{settings.follows}": {"database_arn": FOLLOWED_ARN}}
    return deploy(
        build,
        region=settings.region,
        account_id=settings.account_id,
        stack=settings.environment,
        stacks=followed if settings.following else {},
    )


def region(stack: str) -> Cloud[RegionOutputs]:
    """The region of a committed stack file."""
    return composed(settings_of(stack))


def standby(**changes: Any) -> Settings:
    """The settings of the committed standby, changed."""
    return settings_of("dr").model_copy(update=changes)


def serving(stack: str) -> Cloud[RegionOutputs]:
    """The region of a committed stack file while it serves: the standby's is activated."""
    return region(stack) if settings_of(stack).writes else composed(standby(activated=True))


def other_than_prod() -> Settings:
    """prod's settings with the changes that tests need, and two or more items in each list."""
    prod = settings_of("prod")
    parameters = {**prod.database.parameters, "max_connections": "1000"}
    database = {"parameters": parameters, "allocated_storage_gib": 100, **FORMER}
    colors = {name: getattr(prod.web, name).model_copy(update={"weight": 50}) for name in ("blue", "green")}
    return prod.model_copy(
        update={
            "environment": LONG_SITE.naming.environment,
            "allow_destroy_of": LONG_SITE.naming.environment,
            "database": prod.database.model_copy(update=database),
            "web": prod.web.model_copy(update=colors),
            "offsite": offsite_of("prod").model_copy(update={"daily_copy_hour": 6}),
        }
    )


def altered() -> Cloud[RegionOutputs]:
    """The region of `other_than_prod`."""
    return composed(other_than_prod())


def rebuilt() -> Cloud[RegionOutputs]:
    """prod's region as a standby, after it was lost: it follows under a new name and keeps its former database."""
    prod = settings_of("prod")
    database = prod.database.model_copy(update={"generation": 2, "retained_generations": [1]})
    return composed(prod.model_copy(update={"role": "standby", "database": database}))


def declared(cloud: Cloud[Any]) -> list[Record]:
    """A stack's resources in AWS: all except components and the provider."""
    return [resource for resource in cloud.resources if resource.custom and resource.type != PROVIDER]
