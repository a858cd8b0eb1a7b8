"""What every host of the application is placed in and may use."""

from dataclasses import dataclass

from components.data.queues import Queues
from components.network.network import Network
from components.network.security_groups import SecurityGroups
from components.security.keys import Keys
from components.security.secrets import Secrets
from components.site import Site
from components.storage.storage import Storage


@dataclass(frozen=True, kw_only=True)
class HostContext:
    """The neighbours of the hosts, the same for every role."""

    site: Site
    network: Network
    security_groups: SecurityGroups
    keys: Keys
    secrets: Secrets
    storage: Storage
    queues: Queues
