"""What the tests of components share: the settings and names of the committed stack `prod`."""

import gc

import pytest
from stack_files import settings_of

from naming import Naming
from settings import Settings


def pytest_collection_finish() -> None:
    """What is imported by now stays. Walking the SDK's classes in search of garbage took half of the tests' time."""
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.fixture(scope="session")
def prod() -> Settings:
    """The settings of `prod`."""
    return settings_of("prod")


@pytest.fixture(scope="session")
def naming(prod: Settings) -> Naming:
    """The names and tags of `prod`."""
    return Naming(environment=prod.environment, account_id=prod.account_id, cost_center=prod.cost_center)
