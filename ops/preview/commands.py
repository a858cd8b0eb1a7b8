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
    stack: Annotated[list[str] | None, typer.Argument(help="The stacks; without any, all that exist.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the comment for a pull request here.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything here as JSON.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Keep the previews in this folder, without secrets, and judge nothing.")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", help="Read previews that --save kept; needs no credentials.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="What the stack files were: a revision of git, or a folder that has them.")
    ] = "HEAD",
) -> None:
    """Say what `pulumi up` would do: dangers first, then counts, policies, recovery, cost and one-sided changes.

    Nothing is changed. In CI each job that may read one stack runs `ops preview STACK --save FOLDER`, and one job
    without credentials runs `ops preview --from FOLDER --markdown FILE`. A violation is known where an exception covers
    it or where the recorded state breaks the same rule with the same resource; every other is new.

    Ends with 0 (nothing dangerous), 6 (a dangerous change), 7 (a mandatory policy is broken) or 1 (a preview failed).
    """
    from ops.preview import previews
    from ops.preview.comment import comment
    from ops.preview.report import report

    if save and from_:
        raise OpsError("--save and --from do not go together: one makes what the other reads", Exit.USAGE)
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

    Says which have a file alone.
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
        raise OpsError("there is nothing to preview: no stack that has a file here is in the state backend", Exit.USAGE)
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
