"""What every component shares: its type token, tags on every taggable child, a boundary on every role."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import cast

import pulumi

from components.site import Site
from naming import PROJECT, DataClass

ROLE = "aws:iam/role:Role"


@cache
def _taggable(resource_type: type[pulumi.Resource]) -> bool:
    """Whether the type has a map of tags; an Auto Scaling group has a list, which the fleet sets."""
    annotation = inspect.signature(resource_type._internal_init).parameters.get("tags")  # type: ignore[attr-defined]
    return annotation is not None and "Mapping" in str(annotation.annotation)


class Component(pulumi.ComponentResource):
    """A part of the platform, of type `askproai:<token>`.

    `token` is the component's original area and class name. It is part of the URN of the component and of all its
    children, so it stays when the class is renamed: another token would replace them all. Children take
    `opts=self.child()`; each gets the component's tags and a `Name`.
    """

    def __init__(
        self,
        token: str,
        name: str,
        site: Site,
        *,
        data_class: DataClass = DataClass.INTERNAL,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
            if isinstance(args.resource, pulumi.ComponentResource) or not _taggable(type(args.resource)):
                return None
            given = cast(Mapping[str, str], args.props.get("tags") or {})
            own = {"Name": site.naming.physical(args.name, 128)}
            tags = {**site.naming.tags(name, data_class), **own, **given}
            bounded = {"permissions_boundary": site.boundary} if site.boundary and args.type_ == ROLE else {}
            return pulumi.ResourceTransformationResult({**args.props, "tags": tags, **bounded}, args.opts)

        own_opts = pulumi.ResourceOptions(transformations=[tag])
        super().__init__(f"{PROJECT}:{token}", name, None, pulumi.ResourceOptions.merge(opts, own_opts))

    def child(
        self,
        *,
        protect: bool | None = None,
        depends_on: list[pulumi.Resource] | None = None,
        ignore_changes: list[str] | None = None,
        timeouts: pulumi.CustomTimeouts | None = None,
        outlives: bool | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child resource.

        `timeouts` replace the provider's own. If a child `outlives` its declaration, the engine forgets it instead of
        deleting it.
        """
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=depends_on,
            ignore_changes=ignore_changes,
            custom_timeouts=timeouts,
            retain_on_delete=outlives,
        )
