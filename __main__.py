"""The program: settings in, a region or the edge declared, its record out."""

import gc

import pulumi

from lazy_sdk import import_lazily
from settings import ConfigurationError, EdgeSettings, load, load_edge_secrets, load_secrets

try:
    settings = load()
except ConfigurationError as error:
    raise pulumi.RunError(f"the configuration is refused, nothing is changed:\n{error}") from None

# A cloud's SDK takes seconds to import: a stack imports what it needs of its own cloud's, and is not looked through for
# garbage, of which a program that ends so soon has little.
gc.disable()
if isinstance(settings, EdgeSettings):
    import_lazily("pulumi_cloudflare")
    from edge import compose as compose_edge

    compose_edge(settings, load_edge_secrets()).export()
else:
    import_lazily("pulumi_aws")
    from region import compose

    compose(settings, load_secrets()).export()
