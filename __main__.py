"""The program: reads the settings, declares a region, the edge or the account, and exports its outputs."""

from lazy_sdk import start_quickly

# Before any import that may import an SDK.
start_quickly()

import pulumi

from recorded import refuse_misfits
from settings import AccountSettings, ConfigurationError, EdgeSettings, load, load_edge_secrets, load_secrets

try:
    settings = load()
    refuse_misfits(settings)
except ConfigurationError as error:
    raise pulumi.RunError(f"the configuration is refused, nothing is changed:\n{error}") from None

if isinstance(settings, EdgeSettings):
    from edge import compose as compose_edge

    compose_edge(settings, load_edge_secrets()).export()
elif isinstance(settings, AccountSettings):
    from account import compose as compose_account

    compose_account(settings).export()
else:
    from region import compose

    compose(settings, load_secrets()).export()
