"""Refuses a stack file that does not fit what its stack has recorded, before anything is registered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import AccountSettings, ConfigurationError, StackSettings
from settings.permanent import changed
from settings.problems import key
from state_backend import older_backend
from topology import older

READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
"""A function of the engine itself, which reads the state backend and answers before anything is registered."""


def refuse_misfits(settings: StackSettings) -> None:
    """Raise ConfigurationError, one line per problem: a file older than its stack, a changed permanent setting.

    First of all, for a stale state backend, whose records are out of date. A stack that was never brought up has
    recorded nothing, and a stack of an older program lacks newer records.
    """
    # Imported here: operators' commands use the messages without the engine's SDK.
    import pulumi
    from pulumi.runtime import invoke

    stack, project = pulumi.get_stack(), pulumi.get_project()
    folder = Path(pulumi.get_root_directory())
    elsewhere = older_backend(folder, folder.glob(f"Pulumi.{stack}.yaml"))
    if elsewhere:
        raise ConfigurationError(elsewhere)
    found = invoke(READ_OUTPUTS, {"name": f"{pulumi.get_organization()}/{project}/{stack}"}).value
    lines = misfits(settings, stack, project, found.get("outputs") or {})
    if lines:
        raise ConfigurationError("\n".join(lines))


def misfits(settings: StackSettings, stack: str, project: str, outputs: Mapping[str, Any]) -> list[str]:
    """The conflicts between a stack's settings and its recorded outputs, one line each."""
    lines = [
        f"Pulumi.{stack}.yaml: {key(project, problem.path)}: {problem.text}"
        for problem in changed(settings, outputs.get("made_with") or {})
    ]
    recorded = int(outputs.get("topology") or 0)
    # The account stack has no number: no region takes it over.
    if not isinstance(settings, AccountSettings) and settings.topology < recorded:
        lines.append(older(stack, settings.topology, recorded))
    return lines
