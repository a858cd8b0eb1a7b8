"""What every host of the application is placed in and may use."""

from __future__ import annotations

from dataclasses import dataclass

from components.data.queues import Queues
from components.network.network import Network
from components.network.security_groups import SecurityGroups
from components.security.keys import Keys
from components.security.secrets import Secrets
from components.site import Site
from components.storage.storage import Storage
from settings import WorkersSettings


@dataclass(frozen=True, kw_only=True)
class DataStores:
    """Database and cache by their identifiers, with which a host finds their addresses when it starts.

    Their addresses would let the groups wait for them: a failover starts hosts while the database is promoted.
    """

    database: str
    cache: str
    database_name: str


@dataclass(frozen=True, kw_only=True)
class HostContext:
    """The neighbours of the hosts, the same for every role.

    `work` says what the queues are and how long a job may take; what updates itself does so in the
    `maintenance_window`.
    """

    site: Site
    network: Network
    security_groups: SecurityGroups
    keys: Keys
    secrets: Secrets
    storage: Storage
    queues: Queues
    data_stores: DataStores
    work: WorkersSettings
    maintenance_window: str
    domain: str
