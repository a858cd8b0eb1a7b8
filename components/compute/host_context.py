"""What every application host is placed in and may use."""

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
    """The identifiers of database and cache, by which a host finds their addresses when it starts.

    With their addresses, the groups would wait for them: a failover starts hosts while the database is promoted.
    """

    database: str
    cache: str
    database_name: str


@dataclass(frozen=True, kw_only=True)
class HostContext:
    """The components that the hosts use, the same for every role.

    `work` defines the queues and how long a job may take; automatic updates run in the `maintenance_window`.
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
