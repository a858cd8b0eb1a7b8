"""What every component shares: its type token, and tags on every child that can carry them."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import cast

import pulumi

from naming import PROJECT, DataClass, Naming


@cache
def _taggable(resource_type: type[pulumi.Resource]) -> bool:
    """Whether the type takes a map of tags; an Auto Scaling group takes a list, and is tagged by its maker."""
    annotation = inspect.signature(resource_type._internal_init).parameters.get("tags")  # type: ignore[attr-defined]
    return annotation is not None and "Mapping" in str(annotation.annotation)


class Component(pulumi.ComponentResource):
    """A part of the platform, of type `askproai:<area>:<class name>`.

    Children take `opts=self.child()`; each gets the component's tags and a `Name` without being told.
    """

    def __init__(
        self,
        area: str,
        name: str,
        naming: Naming,
        *,
        data_class: DataClass = DataClass.INTERNAL,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
            if isinstance(args.resource, pulumi.ComponentResource) or not _taggable(type(args.resource)):
                return None
            given = cast(Mapping[str, str], args.props.get("tags") or {})
            own = {"Name": naming.physical(args.name, 128)}
            tags = {**naming.tags(name, data_class), **own, **given}
            return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)

        own_opts = pulumi.ResourceOptions(transformations=[tag])
        super().__init__(
            f"{PROJECT}:{area}:{type(self).__name__}", name, None, pulumi.ResourceOptions.merge(opts, own_opts)
        )

    def child(
        self,
        *,
        protect: bool | None = None,
        depends_on: list[pulumi.Resource] | None = None,
        ignore_changes: list[str] | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child resource."""
        return pulumi.ResourceOptions(
            parent=self, protect=protect, depends_on=depends_on, ignore_changes=ignore_changes
        )
