"""The error that ends a command early: a message for the operator, one line per problem, and the exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    BUSY = 4
    INCOMPLETE = 5
    DANGEROUS = 6
    VIOLATION = 7
    INTERRUPTED = 130


MEANING = {
    Exit.OK: "done, or there was nothing to do",
    Exit.FAILED: "a step failed; the message says where things stand and what to run next",
    Exit.USAGE: "the command line is wrong, or a confirmation is missing",
    Exit.REFUSED: "a gate or a check refused; nothing was changed",
    Exit.BUSY: "another operator or engine is running; the message names it",
    Exit.INCOMPLETE: "done, except for what the message lists, or outside the recovery objectives",
    Exit.DANGEROUS: "a preview shows a dangerous change",
    Exit.VIOLATION: "a preview violates a mandatory policy",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; run the same command again to continue",
}


class OpsError(Exception):
    """A command cannot continue; `message` has one line per problem and says what to do."""

    def __init__(self, message: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code

    def __str__(self) -> str:
        return self.message


def one_line(error: object) -> str:
    """The message of another library's error, without line breaks."""
    return " ".join(str(error).split())


def refused(problems: list[str]) -> OpsError:
    """A refusal with all problems."""
    return OpsError("\n".join(problems), Exit.REFUSED)
