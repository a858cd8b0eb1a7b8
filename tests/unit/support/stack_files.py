"""The fixture's stack files for tests: complete files that no operator changes."""

from functools import cache
from pathlib import Path

from project_files import Project
from settings import AccountSettings, EdgeSettings, OffsiteSettings, Settings, read

ROOT = Path(__file__).parents[3]
NAMESPACE = "askproai:"
FIXTURE = Project(Path(__file__).with_name("fixtures"))


@cache
def settings_of(stack: str) -> Settings:
    """The settings of a region's stack."""
    settings = read(FIXTURE, stack)
    assert isinstance(settings, Settings)
    return settings


def offsite_of(stack: str) -> OffsiteSettings:
    """The copies of a region's stack."""
    offsite = settings_of(stack).offsite
    assert offsite is not None
    return offsite


@cache
def edge_settings() -> EdgeSettings:
    """The settings of the edge's stack."""
    settings = read(FIXTURE, "edge")
    assert isinstance(settings, EdgeSettings)
    return settings


@cache
def account_settings() -> AccountSettings:
    """The settings of the account's stack."""
    settings = read(FIXTURE, "account")
    assert isinstance(settings, AccountSettings)
    return settings
