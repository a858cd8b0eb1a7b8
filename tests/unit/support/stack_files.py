"""The committed stack files, as tests read them: the numbers that tests use are the numbers that operators turn."""

from functools import cache
from pathlib import Path

import yaml

from settings import Settings

ROOT = Path(__file__).parents[3]
NAMESPACE = "askproai:"


@cache
def settings_of(stack: str) -> Settings:
    """The settings of a committed stack, without its secrets."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    values = {key.removeprefix(NAMESPACE): value for key, value in config.items() if key.startswith(NAMESPACE)}
    return Settings.model_validate({name: value for name, value in values.items() if name in Settings.model_fields})
