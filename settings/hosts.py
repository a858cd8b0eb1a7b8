"""The settings that all kinds of instances share."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.network import distinct
from settings.problems import Problem
from settings.shapes import ImageParameter, InstanceType, LogRetention, PhpVersion, architecture, image_architecture

GroupSize = Annotated[int, Field(ge=0, le=500)]
"""Instances of an Auto Scaling group: our bound, far above any need, to catch typing errors."""

Seconds = Annotated[int, Field(ge=0, le=3600)]
"""An hour at most: ELB's maximum for the deregistration delay (ELB API, TargetGroupAttribute), elsewhere our choice."""


OTHER_TYPES = 39
"""In addition to the first (EC2 Auto Scaling User Guide, "Auto Scaling groups with multiple instance types": 40
overrides)."""
NONE: list[str] = []


class Capacity(StrEnum):
    """How many instances a region runs."""

    FULL = "full"
    WARM = "warm"
    NONE = "none"

    def sizes(self, least: int, most: int, warm: int) -> tuple[int, int]:
        """The minimum and maximum size of a group whose full sizes are `least` and `most`."""
        match self:
            case Capacity.FULL:
                return least, most
            case Capacity.WARM:
                return min(least, warm), most
            case Capacity.NONE:
                # The maximum too: otherwise the running instances would stay.
                return 0, 0


def burstable(instance_type: str) -> bool:
    """Whether a type earns CPU credits (EC2 User Guide, "Burstable performance instances": T2, T3, T3a and T4g)."""
    return re.match(r"t\d", instance_type) is not None


class HostSettings(Block):
    """A kind of instance."""

    instance_type: InstanceType
    """EC2 instance type; its architecture is that of the image."""
    image_parameter: ImageParameter
    """SSM parameter with the current image: a public one, or our own for a baked image."""
    volume_gib: Annotated[int, Field(ge=8, le=65536)]
    """GiB of the root volume: 8 is Canonical's image, 65536 the largest gp3 volume (EC2 API, EbsBlockDevice)."""
    log_retention_days: LogRetention
    """Days that the logs of the instances stay in CloudWatch Logs, 365 or more: one of its retentions."""
    warmup_seconds: Seconds
    """Seconds until a new instance counts in the group's metrics."""
    cpu_credits: Literal["standard", "unlimited"] = "unlimited"
    """What happens when a burstable instance, such as a t3, has used its CPU credits: it continues at an extra charge
    (unlimited), or slows down to its baseline (standard). Other types have no credits.
    """

    @rule
    def _image_runs_on_the_instance(self) -> Iterator[Problem]:
        has, wants = architecture(self.instance_type), image_architecture(self.image_parameter)
        if has != wants:
            yield Problem(
                path=("instance_type",),
                text=f"'{self.instance_type}' is {has}, and image_parameter is for {wants}; "
                f"want an {wants} type, or the image's path with {has}",
            )


class ApplicationHostSettings(HostSettings):
    """A kind of instance that runs the application."""

    other_instance_types: Annotated[list[InstanceType], Field(max_length=OTHER_TYPES), AfterValidator(distinct)] = NONE
    """EC2 instance types to start, in this order, when AWS has no capacity of instance_type left, as may happen when
    everybody fails over to this region: at most 39, of the same architecture.
    """
    php_version: PhpVersion
    """PHP version, which the distribution of the image must have."""
    required_instances: Annotated[int, Field(ge=1, le=500)]
    """Instances that can carry the load; as many must remain when a zone is lost."""

    @rule
    def _the_image_runs_on_the_others(self) -> Iterator[Problem]:
        wants = architecture(self.instance_type)
        for position, other in enumerate(self.other_instance_types):
            if architecture(other) != wants:
                yield Problem(
                    path=("other_instance_types", position),
                    text=f"'{other}' is {architecture(other)}, and instance_type is {wants}; want an {wants} type",
                )
            if other == self.instance_type:
                yield Problem(
                    path=("other_instance_types", position), text=f"'{other}' is instance_type itself; want another"
                )


def out_of_order(low: int, high: int) -> Iterator[Problem]:
    """A problem if a group's minimum size is above its maximum."""
    if low > high:
        yield Problem(path=("min_size",), text=f"{low} is above max_size {high}; want min_size <= max_size")


def too_few(low: int, required: int, zones: int | None) -> Iterator[Problem]:
    """A problem if a group's minimum size is below the required instances, after the loss of one of `zones` if given.

    Static stability (AWS Well-Architected, REL11-BP05): no instance has to be started while a zone is down.
    """
    least = required if zones is None else -(-required * zones // (zones - 1))
    if low < least:
        lost = f" after the loss of one of {zones} zones" if zones else ""
        yield Problem(
            path=("min_size",), text=f"{low} cannot carry required_instances {required}{lost}; want {least} or more"
        )
