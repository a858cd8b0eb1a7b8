"""Recovery of a stack after its engine was killed or its state was lost. It checks first, so it can run at any time."""

from collections import Counter
from collections.abc import Iterable, Mapping

from ops.core.cloudflare import EdgeApi
from ops.core.engine import UNCHANGED, Engine
from ops.core.objects import Objects
from ops.core.recovery import adoption, locks, steps
from ops.core.recovery.state_files import StateFile
from ops.core.recovery.states import State, logical_name
from ops.core.stack_files import project_name
from ops.core.steps import StepRun, Timeline, say
from ops.errors import OpsError

ROUNDS = 12
"""Each round finds what depends on the previous one's results; no resource of ours depends on a chain of a dozen
others."""
NAMES_SHOWN = 6


class Recovery:
    """One stack's recovery."""

    def __init__(self, stack: str, timeline: Timeline, engine: Engine, state: Objects) -> None:
        self.stack = stack
        self._found_something = False
        self._restored = False
        self._timeline = timeline
        self._engine = engine
        self._state = state
        self._edge = EdgeApi(lambda name: engine.secret(stack, name))
        self._file = StateFile(state, project_name(), stack)

    def needed(self) -> bool:
        """Whether something was left behind, as far as this is visible without calls to a cloud."""
        if self._locks() or self._file.broken_attributes() or self._file.begun():
            return True
        if self._file.problem():
            return self._file.known()
        state = self._exported()
        return bool(state.pending or state.unread())

    def run(self, *, take_lock: bool = False, quick: bool = False, up: bool = False) -> None:
        """Lock, state, interrupted operations, other existing resources; then what `up` would do.

        `take_lock` removes locks of other machines too. `quick` searches only for what the state mentions, and waits
        less for Cloudflare. `up` completes interrupted operations.
        """
        self._edge = EdgeApi(self._edge.secret, quick=quick)
        self._clear_lock(take=take_lock)
        if not self._restore() or not self._settle():
            return
        if quick and not self._restored:
            self._conclude({})
            return
        changes = self._adopt_missing()
        if self._restored:
            self._file.complete()
        if up and changes and not self._timeline.dry_run:
            with self._timeline.step(steps.UP, stack=self.stack) as step:
                step.detail = _counted(self._engine.up(self.stack, step.progress))
            with self._timeline.step(steps.PREVIEW, stack=self.stack) as step:
                changes = self._engine.preview_changes(self.stack)
                step.detail = _counted(changes)
        self._conclude(changes)

    def _locks(self) -> list[locks.Lock]:
        return locks.locks(self._state, project_name(), self.stack)

    def _exported(self) -> State:
        return State(self._engine.export(self.stack))

    def _clear_lock(self, *, take: bool) -> None:
        with self._timeline.step(steps.CLEAR_LOCK, stack=self.stack) as step:
            dead = locks.removable(self._locks(), self.stack, take=take)
            if not dead:
                step.skip("there is none")
                return
            self._found_something = True
            step.detail = "; ".join(str(lock) for lock in dead)
            if not step.dry_run:
                for lock in dead:
                    locks.remove(self._state, lock)

    def _restore(self) -> bool:
        """Restore a damaged or missing state. Returns whether there is one to continue with."""
        with self._timeline.step(steps.READ_STATE, stack=self.stack) as step:
            problem, broken, begun = self._file.problem(), self._file.broken_attributes(), self._file.begun()
            if problem is None and not broken and not begun:
                step.skip("it can be read")
                return True
            self._found_something = True
            if not step.dry_run:
                self._file.mend_attributes()
            if problem:
                self._bring_back(step, problem)
            elif begun:
                step.detail = f"taken from {begun} by a recovery that was not completed"
            else:
                step.detail = f"its file is intact; cut off while they were written, and removed: {', '.join(broken)}"
                return not step.dry_run
        if self._timeline.dry_run:
            return False
        with self._timeline.step(steps.REFRESH, stack=self.stack) as step:
            # Resources may have been changed or deleted after the backup; those created after it are searched by name.
            state = self._exported()
            state.forget_pending()
            self._engine.import_(self.stack, state.exported)
            self._engine.refresh(self.stack, step.progress)
        self._restored = True
        return True

    def _bring_back(self, step: StepRun, problem: str) -> None:
        backup = self._file.newest_backup()
        if backup is None:
            raise self._file.lost(problem)
        aside = None if step.dry_run else self._file.restore(backup)
        kept = f"; the damaged one is kept as {aside}" if aside else ""
        step.detail = f"{problem}; taken from {backup}, {backup.resources} resources{kept}"

    def _settle(self) -> bool:
        """Adopt what was being created, and drop the other interrupted operations; False if a dry run ends here."""
        with self._timeline.step(steps.RECONCILE, stack=self.stack) as step:
            state = self._exported()
            unread = state.unread()
            if not state.pending and not unread:
                step.skip("nothing was")
                return True
            self._found_something = True
            finished, unfinished = state.being_created()
            found = adoption.search(state, unfinished, self._edge)
            adopted = [*(logical_name(resource["urn"]) for resource in finished), *map(str, found)]
            step.detail = f"{len(state.pending)} operations; exists: {_some(adopted)}; to be read: {len(unread)}"
            if step.dry_run:
                return False
            for resource in finished:
                state.keep(resource)
            self._adopt(state, found)
            if unread:
                adoption.read(self._engine, self.stack, unread, self._edge)
        return True

    def _adopt_missing(self) -> Mapping[str, int]:
        """Search for everything that `up` would create. Returns what `up` would still do then."""
        for _ in range(ROUNDS):
            with self._timeline.step(steps.LOOK, stack=self.stack) as step:
                planned = self._engine.preview_steps(self.stack)
                changes = Counter(row["op"] for row in planned if row["op"] not in UNCHANGED)
                state = self._exported()
                missing = [row["newState"] for row in planned if row["op"] == "create"]
                state.add_foundations(missing)
                found = adoption.best(adoption.search(state, missing, self._edge))
                unknown = adoption.unknown_types(missing)
                step.detail = f"exists: {_some(map(str, found))}" if found else _counted(changes)
                if unknown:
                    step.detail += f"; no way to look for {', '.join(unknown)}"
                self._found_something |= bool(found)
                if not found or step.dry_run:
                    return changes
                state.make_room(missing, [each.resource for each in found])
                self._adopt(state, found)
        raise OpsError(f"stack {self.stack}: still finding more after {ROUNDS} rounds; run `ops recover {self.stack}`")

    def _adopt(self, state: State, found: list[adoption.Found]) -> None:
        """Import the state with the found resources, then refresh those."""
        adoption.settle(found)
        for each in found:
            state.adopt(each.resource, each.identifier)
        state.forget_pending()
        self._engine.import_(self.stack, state.exported)
        if found:
            adoption.read_back(self._engine, self.stack, found, self._edge)

    def _conclude(self, changes: Mapping[str, int]) -> None:
        if not self._found_something:
            say(f"stack {self.stack}: nothing to recover")
        if changes:
            say(f"stack {self.stack}: `pulumi up` will {_counted(changes)}; run it to end what was cut off")
        elif self._found_something:
            say(f"stack {self.stack}: recovered")


def _counted(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{operation} {count}" for operation, count in sorted(changes.items())) or "change nothing"


def _some(found: Iterable[str]) -> str:
    shown = list(found)
    more = f" and {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
    return ", ".join(shown[:NAMES_SHOWN]) + more if shown else "none of it"
