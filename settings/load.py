"""Reads a stack's configuration, from the engine or from its file, or refuses it with all its problems."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from project_files import PROJECT_FILE, Project, checked_text
from settings import secrets
from settings.judge import StackSettings, as_handed_over, judge
from settings.problems import ConfigurationError, Problem, key

CHECKOUT = Path(__file__).parents[1]


def load(stack_file: str | None = None) -> StackSettings:
    """The settings of the running stack.

    `stack_file` is the name in messages, by default Pulumi's own name for the stack's file.
    Raises ConfigurationError with one line for each problem of the settings and of the secrets.
    """
    # Imported here, as in the readers of secrets: operators' commands read settings without the engine's SDK.
    import pulumi

    config = pulumi.Config()
    given = {name: value for name in _configured_names(config.name) if (value := config.get(name))}
    encrypted = {name for name in given if _is_encrypted(config.full_key(name))}
    # The SDK's mocks have no project folder.
    project = Project(Path(pulumi.get_root_directory() or CHECKOUT))
    found = judge(pulumi.get_stack(), given, project.shared, encrypted)
    problems = [*found.problems, *secrets.problems(given, encrypted.__contains__, found.kind.secrets)]
    _refuse(stack_file or f"Pulumi.{pulumi.get_stack()}.yaml", config.name, problems)
    return found.settings


def read(project: Project, stack: str) -> StackSettings:
    """The settings of a stack from its project's files, without an engine; secrets are not validated.

    Raises ConfigurationError with one line for each problem, and UnreadableFileError.
    """
    texts = stack, checked_text(project.file(stack)), checked_text(project.shared_file)
    if texts not in _judged:
        _judged[texts] = _read(project, stack)
    return _judged[texts]


_judged: dict[tuple[str, ...], StackSettings] = {}
"""Settings by stack and content of its files: a command reads them dozens of times."""


def _read(project: Project, stack: str) -> StackSettings:
    given = {name: handed for name, value in project.own(stack).items() if (handed := as_handed_over(value)) != ""}
    encrypted = {name for name, value in given.items() if isinstance(value, Mapping) and set(value) == {"secure"}}
    found = judge(stack, given, project.shared, encrypted)
    _refuse(project.file(stack).name, project.name, found.problems)
    return found.settings


def _refuse(file: str, project: str, problems: Iterable[Problem]) -> None:
    lines = [
        f"{file}: {key(project, problem.path)}{f' (in {PROJECT_FILE})' if problem.shared else ''}: {problem.text}"
        for problem in problems
    ]
    if lines:
        raise ConfigurationError("\n".join(lines))


def _configured_names(project: str) -> list[str]:
    """All keys of the project's namespace, including the defaults of Pulumi.yaml.

    `pulumi.Config` returns only known keys, so this reads its source.
    """
    import pulumi

    keys = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    return [name.removeprefix(f"{project}:") for name in keys if name.startswith(f"{project}:")]


def _is_encrypted(full_key: str) -> bool:
    import pulumi

    return pulumi.runtime.is_config_secret(full_key) or full_key in pulumi.runtime.config.get_config_secret_keys_env()
