"""Runs the rules: violations, violations that an exception covers, and exceptions that nothing needs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from policies.configuration import Configuration, Exemption, Level
from policies.rule import Finding, Findings, Resource, Rule, Severity, Stack
from policies.values import MalformedError, NotKnownYetError, secrets


def _nothing(_stack: Stack) -> Findings:
    return ()


STALE = Rule(
    id="exception-needed",
    says="An exception covers an existing violation of its rule.",
    severity=Severity.MEDIUM,
    controls=("own",),
    remedy="Delete the exception from policies/exceptions.yaml.",
    on=(),
    among=True,
    judge=_nothing,
)
"""Reported for an exception that nothing needs. The judge itself detects it after all rules."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A broken rule; `resource` is None if the stack lacks something."""

    rule: Rule
    resource: Resource | None
    level: Level
    message: str


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The rules and the exceptions of one stack. It remembers which exceptions were needed."""

    stack: str
    rules: Sequence[Rule]
    configuration: Configuration
    exceptions: Sequence[Exemption]
    today: date
    needed: set[Exemption] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)

    def resource(self, resource: Resource) -> Iterator[Violation]:
        """Check the rules that need only one resource."""
        for rule in self.rules:
            if not rule.among and rule.about(resource):
                yield from self._asked(rule, resource, lambda rule=rule: rule.judge(resource))

    def whole(self, stack: Stack) -> Iterator[Violation]:
        """Check the rules that need all resources; then find the exceptions that nothing needed."""
        for rule in self.rules:
            if rule.among and not rule.on:
                yield from self._asked(rule, None, lambda rule=rule: rule.judge(stack))
            elif rule.among:
                for resource in filter(rule.about, stack.resources):
                    yield from self._asked(rule, resource, lambda rule=rule, of=resource: rule.judge(of, stack))
        yield from self._stale()

    def _asked(self, rule: Rule, resource: Resource | None, ask: Callable[[], Findings]) -> Iterator[Violation]:
        level = self.configuration.enforcement.level(rule.id, self.stack)
        if level == Level.DISABLED:
            return
        for finding in self._findings(rule, ask):
            yield self._violation(rule, resource, level, finding)

    def _findings(self, rule: Rule, ask: Callable[[], Findings]) -> Iterable[Finding]:
        try:
            return list(ask())
        except NotKnownYetError:
            # The update checks again, when the value is known and before the resource is created.
            self.undecided.add(rule.id)
            return []
        except MalformedError as error:
            return [Finding(str(error), "a value that can be read")]

    def _violation(self, rule: Rule, resource: Resource | None, level: Level, finding: Finding) -> Violation:
        name = resource.name if resource else self.stack
        found = finding.found
        for secret in secrets(resource.props) if resource else ():
            found = found.replace(secret, "[secret]")
        controls = ", ".join(rule.controls)
        message = f"{rule.id}: {name}: found {found}; wanted {finding.wanted} [{controls}]. {rule.remedy}"
        for exemption in self.exceptions:
            if exemption.covers(rule.id, self.stack, name):
                self.needed.add(exemption)
                if not exemption.expired(self.today):
                    said = f"excepted until {exemption.expires} by {exemption.owner}: {exemption.reason}"
                    return Violation(rule=rule, resource=resource, level=Level.ADVISORY, message=f"{message} ({said})")
                message += f" (the exception of {exemption.owner} expired on {exemption.expires})"
        return Violation(rule=rule, resource=resource, level=level, message=message)

    def _stale(self) -> Iterator[Violation]:
        for exemption in self.exceptions:
            if exemption.stack != self.stack or exemption in self.needed or exemption.rule in self.undecided:
                continue
            finding = Finding(
                f"an exception from {exemption.rule} for {exemption.resource}", "none: nothing breaks the rule"
            )
            level = self.configuration.enforcement.level(STALE.id, self.stack)
            if level != Level.DISABLED:
                yield self._violation(STALE, None, level, finding)
