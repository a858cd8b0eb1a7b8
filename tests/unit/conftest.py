"""What the tests of components share: the settings and names of the committed stack `prod`."""

import pytest
from stack_files import settings_of

from naming import Naming
from settings import Settings


@pytest.fixture(scope="session")
def prod() -> Settings:
    """The settings of `prod`."""
    return settings_of("prod")


@pytest.fixture(scope="session")
def naming(prod: Settings) -> Naming:
    """The names and tags of `prod`."""
    return Naming(environment=prod.environment, account_id=prod.account_id, cost_center=prod.cost_center)
