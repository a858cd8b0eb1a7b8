"""Refuses a stack file that is older than the one that its stack was last brought up from."""

from collections.abc import Mapping
from typing import Any

from settings import AccountSettings, ConfigurationError, StackSettings

READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
"""A function of the engine itself, which reads the state backend and answers before anything is registered."""


def refuse_older(settings: StackSettings) -> None:
    """Raise ConfigurationError where the file's `topology` is lower than the one that the stack has recorded.

    A stack that was never brought up, or by a program without the number, has recorded none. The account's has no
    number: no region takes it over.
    """
    if isinstance(settings, AccountSettings):
        return
    # Imported here: operators' commands use the message below without the engine's SDK.
    import pulumi
    from pulumi.runtime import invoke

    stack = pulumi.get_stack()
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    found: Mapping[str, Any] = invoke(READ_OUTPUTS, {"name": name}).value
    recorded = int((found.get("outputs") or {}).get("topology") or 0)
    if settings.topology < recorded:
        raise ConfigurationError(older(stack, settings.topology, recorded))


def older(stack: str, file: int, recorded: int) -> str:
    """The refusal of a file that is older than its stack."""
    return (
        f"Pulumi.{stack}.yaml: topology: {file} is older than {recorded}, which the stack {stack} has recorded: pull "
        "the file; if nobody has committed it, `ops dr abort` writes what the stack has into it"
    )
