"""The program: settings in, a region declared, its record out."""

import pulumi

from region import compose
from settings import ConfigurationError, load, load_secrets

try:
    settings = load()
except ConfigurationError as error:
    raise pulumi.RunError(f"the configuration is refused, nothing is changed:\n{error}") from None

compose(settings, load_secrets()).export()
