"""The command `ops preview`: its command line."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.errors import Exit, OpsError, one_line

if TYPE_CHECKING:
    from ops.preview.report import Report


def command(
    stack: Annotated[list[str] | None, typer.Argument(help="The stacks; default: all that exist.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the pull request comment to this file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file as JSON.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Save the previews to this folder, without secrets, and skip the report.")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", help="Read previews that --save wrote; needs no credentials.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="What to compare the stack files with: a git revision, or a folder.")
    ] = "HEAD",
) -> None:
    """Show what `pulumi up` would do: dangers first, then counts, policies, recovery, cost and one-sided changes.

    Nothing is changed. In CI, each job with access to one stack runs `ops preview STACK --save FOLDER`, and a job
    without credentials runs `ops preview --from FOLDER --markdown FILE`. A violation counts as known if an exception
    covers it, or if the same resource already violates the same rule in the recorded state; all others are new.

    Exits with 0 (nothing dangerous), 6 (dangerous change), 7 (mandatory policy violated) or 1 (a preview failed).
    """
    from ops.preview import previews
    from ops.preview.comment import comment
    from ops.preview.report import report

    if save and from_:
        raise OpsError("--save and --from cannot be combined: one writes what the other reads", Exit.USAGE)
    asked = previews.load(from_, stack or []) if from_ else previews.preview(stack or _existing(), base)
    if save:
        previews.save(asked, save)
        if failed := [f"stack {each.stack}: {line}" for each in asked for line in each.failure.splitlines()]:
            raise OpsError("\n".join(failed))
        return
    found = report(asked)
    if markdown:
        markdown.write_text(comment(found))
    if json_file:
        json_file.write_text(json.dumps(found.record(), indent=2, sort_keys=True) + "\n")
    _summarize(found)
    raise typer.Exit(found.exit)


def _existing() -> list[str]:
    """The stacks that have a file here and are in the state backend: the pair of the policies first, then the edge.

    Reports stacks that only have a file.
    """
    from ops.core.engine import Engine
    from ops.core.stack_files import stacks
    from ops.core.steps import say
    from policies.configuration import read_configuration

    configuration = read_configuration()
    first = [*configuration.pair, *configuration.independent_of_region]
    declared, in_backend = stacks(), Engine().stacks()
    for stack in declared:
        if stack not in in_backend:
            say(f"{stack}: not previewed: the state backend has no such stack")
    found = [stack for stack in dict.fromkeys([*first, *declared]) if stack in declared and stack in in_backend]
    if not found:
        raise OpsError("nothing to preview: none of the stacks with a file here is in the state backend", Exit.USAGE)
    return found


def _summarize(found: "Report") -> None:
    """The report on the terminal, in a few lines."""
    from ops.core.engine import summary
    from ops.core.steps import say

    for stack, counts in found.counts.items():
        say(f"{stack}: {summary(counts) or 'no resource'}")
    for stack, why in found.failures.items():
        say(f"{stack}: FAILED: {one_line(why)}")
    for danger in found.dangers:
        say(f"{danger.stack}: {danger.kind}: {danger.name}: {danger.what}")
    for violation in found.violations:
        if violation.known == "new":
            say(f"{violation.stack}: {violation.level} policy: {violation.message}")
    known = Counter(each.known for each in found.violations)
    say(f"policies: {known['new']} new, {known['known']} known, {known['excepted']} excepted")
    for each in found.recovery or ():
        say(f"recovery of {each.what}, {each.scenario}: {'within' if each.within else 'OUTSIDE'} the objectives")
