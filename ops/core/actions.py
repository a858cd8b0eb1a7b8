"""Steps that know their prerequisites and whether they are done, and a repeatable run of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ops.core.apply import apply, shown
from ops.core.facts import side_by_side
from ops.core.pair import RegionStack
from ops.core.session import Session
from ops.core.steps import Step, StepRun, Timeline, say
from ops.errors import refused


def nothing() -> str:
    """The step is not done."""
    return ""


def no_needs() -> list[str]:
    """There are no prerequisites."""
    return []


@dataclass(frozen=True, kw_only=True)
class Action:
    """A declared step with its code.

    `needs` are the problems that prevent it, `done` is the reason to skip it, empty if there is none, and `do` runs it
    and returns the result. `plan` is what a dry run shows.
    """

    step: Step
    do: Callable[[StepRun], str]
    done: Callable[[], str] = nothing
    needs: Callable[[], list[str]] = no_needs
    plan: str = ""


def setting(
    session: Session,
    stack: RegionStack,
    step: Step,
    values: Mapping[str, object],
    runs: Callable[[], str],
    needs: Callable[[], list[str]] = no_needs,
    after: Callable[[], object] = nothing,
) -> Action:
    """Apply settings, then do `after`; skipped if they are declared and `runs` says that AWS has them."""

    def do(run: StepRun) -> str:
        changed = apply(session, stack, values, run)
        after()
        return changed

    def done() -> str:
        return "" if stack.file.changes(values) else runs()

    return Action(step=step, do=do, done=done, needs=needs, plan=f"set {shown(values)}")


def check(
    actions: Sequence[Action], timeline: Timeline, step: Step, forbidding: Callable[[], list[str]] = no_needs
) -> None:
    """Check first the problems that prevent all of them, and the prerequisites of every action that is not done.

    Raises OpsError (REFUSED) with all that is missing.
    """
    with timeline.step(step) as asked:
        asking = [action for action in actions if action.needs is not no_needs]
        left = {"": forbidding} | {action.step.name: action.needs for action in asking if not action.done()}
        problems = list(dict.fromkeys(line for lines in side_by_side(left).values() for line in lines))
        if problems:
            asked.detail = f"{len(problems)} problems"
            raise refused(problems)
        asked.detail = "nothing is missing"


def run(actions: Sequence[Action], timeline: Timeline) -> None:
    """Run the actions that are not done, in order; a dry run only shows them."""
    for action in actions:
        with timeline.step(action.step) as step:
            if why := action.done():
                step.skip(why)
            elif step.dry_run:
                step.detail = action.plan
            else:
                step.detail = action.do(step)


def remind(session: Session, *stacks: RegionStack) -> None:
    """Report which stack files have changed: an `up` with the old ones would undo the change."""
    if not session.options.dry_run:
        say(f"          commit {' and '.join(stack.file.path.name for stack in stacks)} with what runs now")
