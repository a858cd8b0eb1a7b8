"""What lifts the protection of a stack: its own name, so that a line copied from another stack's file does not."""

from collections.abc import Iterator

from settings.problems import Problem, shown


def misnamed(allow_destroy_of: str | None, environment: str) -> Iterator[Problem]:
    """The problem with an `allow_destroy_of` that names another stack."""
    if allow_destroy_of not in (None, environment):
        yield Problem(
            path=("allow_destroy_of",),
            text=f"{shown(allow_destroy_of)} is not this stack's environment; "
            f"want {environment}, or delete the key to keep the protection",
        )
