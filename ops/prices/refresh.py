"""`ops prices refresh`: reads the prices of the declared resources from AWS, and writes the dated file."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ops.core.engine import Engine
from ops.core.stack_files import stacks
from ops.core.steps import Plan, Step, Timeline, named
from ops.errors import Exit, OpsError
from ops.prices.charges import NoPriceError, Question, charges
from ops.prices.declared import Declared, declared
from ops.prices.price_file import NAME, Price, PriceFile, file

READ = Step(
    name="read what {stack} declares",
    does="Reads the stack's state and previews it, so that what a change will declare has a price too.",
    asks=True,
)
ASK = Step(name="ask AWS's Price List", does="Asks for each price that the resources need, once.", asks=True)
WRITE = Step(
    name="write the prices",
    does="Replaces the file in one move.",
    unless="nothing but the date would change",
)
PLAN = Plan(steps=named((READ, ASK, WRITE), stack="STACK"), exits=(Exit.OK, Exit.FAILED, Exit.USAGE, Exit.INTERRUPTED))

Ask = Callable[[Question, bool], Price]


def refresh(timeline: Timeline, ask: Ask, source: str, chosen: Sequence[str], engine: Engine) -> PriceFile:
    """Read every price that the chosen stacks need, and write them. Returns the file's current or future content.

    If all stacks are chosen, prices that nothing needs any more are removed; if only some are, they stay.
    """
    before = PriceFile.read()
    wanted: dict[Question, bool] = {}
    for stack in chosen:
        with timeline.step(READ, stack=stack) as step:
            found = questions(read(engine, stack))
            wanted |= found
            step.detail = f"{len(found)} prices"
    kept = {} if set(chosen) == set(stacks()) else dict(before.prices)
    with timeline.step(ASK) as step:
        answers = {question: ask(question, hourly) for question, hourly in wanted.items()}
        without = [answer for answer in answers.values() if answer.usd is None]
        step.detail = f"{len(answers) - len(without)} of {len(answers)} have a price"
    today = datetime.now(UTC).date().isoformat()
    after = replace(before, asked=today, source=source, prices=kept | answers)
    with timeline.step(WRITE) as step:
        if (after.prices, after.source) == (before.prices, before.source):
            step.skip(f"as on {before.asked}")
            return before
        step.detail = f"{NAME}: {len(after.prices)} rows"
        if not step.dry_run:
            after.write(file())
    return after


def read(engine: Engine, stack: str) -> list[Declared]:
    """What a stack declares: its state, updated with a preview."""
    deployed = engine.export(stack)["deployment"].get("resources") or []
    steps = engine.preview_steps(stack)
    gone = {step["urn"] for step in steps if step["op"] == "delete"}
    changed = [step["newState"] for step in steps if step.get("newState")]
    return list(declared([state for state in [*deployed, *changed] if state["urn"] not in gone]))


def questions(resources: Iterable[Declared]) -> dict[Question, bool]:
    """The questions for the prices of the resources, and whether the answer is per hour."""
    found: dict[Question, bool] = {}
    for each in resources:
        try:
            parts = charges(each.type, each.inputs, each.region, each.template)
        except NoPriceError:
            continue
        found |= {part.question: part.hourly for part in parts}
    return found


def chosen_stacks(given: Sequence[str]) -> list[str]:
    """The stacks to read: those given, or all that have a file. Raises OpsError for a stack without one."""
    there = stacks()
    if unknown := [stack for stack in given if stack not in there]:
        raise OpsError(f"no stack {', '.join(unknown)}; there are: {', '.join(there)}", Exit.USAGE)
    return list(given) or there
