"""The parts that others are built on, with the settings of the committed stack `prod`, for tests of one component.

They are laid once. What a test deploys on them takes their outputs, and its cloud has its own resources alone.
"""

from functools import cache
from typing import Any

import pulumi
from fake_cloud import FAKE_REGION, Cloud, deploy
from stack_files import settings_of

from components.data.queues import Queues, QueuesArgs
from components.network.network import Network, NetworkArgs
from components.network.security_groups import Firewall, FirewallArgs
from components.security.keys import Keys, KeysArgs
from components.security.secrets import Secrets, SecretsArgs
from components.storage.storage import Storage, StorageArgs
from components.web.load_balancer import Balancer, BalancerArgs
from components.web.trust_store import OriginTrust, OriginTrustArgs
from naming import Naming
from settings import CacheSettings, Capacity, DatabaseSettings, StackSecrets, WebSettings

PROD = settings_of("prod")


def naming(environment: str) -> Naming:
    return Naming(environment=environment, account_id=PROD.account_id, cost_center=PROD.cost_center)


NAMING = naming(PROD.environment)
LONG_NAMING = naming("e" * 12)


def database_settings(**changes: Any) -> DatabaseSettings:
    return PROD.database.model_copy(update=changes)


def cache_settings(**changes: Any) -> CacheSettings:
    return PROD.cache.model_copy(update=changes)


def web_settings(**changes: Any) -> WebSettings:
    return PROD.web.model_copy(update=changes)


class Ground:
    """What a region has before its applications."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.keys = Keys("keys", KeysArgs(naming=naming, region=FAKE_REGION, settings=PROD.keys, protected=True))
        self.network = Network(
            "network", NetworkArgs(naming=naming, region=FAKE_REGION, settings=PROD.network, keys=self.keys)
        )
        self.firewall = Firewall("firewall", FirewallArgs(naming=naming, network=self.network))


class Region(Ground):
    """The ground, and what web and workers use."""

    def __init__(self, naming: Naming) -> None:
        super().__init__(naming)
        values = StackSecrets(
            database_password=pulumi.Output.secret("password"),
            cache_auth_token=pulumi.Output.secret("token"),
            app_key=pulumi.Output.secret("key"),
            origin_pull_ca=pulumi.Output.secret("authority"),
        )
        self.secrets = Secrets(
            "secrets",
            SecretsArgs(
                naming=naming,
                keys=self.keys,
                settings=PROD.secrets,
                database_username=PROD.database.username,
                values=values,
                protected=True,
            ),
        )
        self.storage = Storage(
            "storage",
            StorageArgs(naming=naming, region=FAKE_REGION, keys=self.keys, settings=PROD.storage, protected=True),
        )
        self.queues = Queues(
            "queues", QueuesArgs(naming=naming, keys=self.keys, queues=PROD.workers.queues, protected=True)
        )
        self.origin_trust = OriginTrust(
            "origin-trust",
            OriginTrustArgs(naming=naming, storage=self.storage, authorities=values.origin_pull_ca),
        )
        self.balancer = Balancer("balancer", self.balancer_args(PROD.web))

    def hosts_args(self) -> dict[str, Any]:
        """What web and workers are given alike."""
        return {
            "naming": self.naming,
            "region": FAKE_REGION,
            "network": self.network,
            "firewall": self.firewall,
            "keys": self.keys,
            "secrets": self.secrets,
            "storage": self.storage,
            "queues": self.queues,
            "capacity": Capacity.FULL,
        }

    def balancer_args(self, web: WebSettings) -> BalancerArgs:
        return BalancerArgs(
            naming=self.naming,
            network=self.network,
            firewall=self.firewall,
            storage=self.storage,
            trust=self.origin_trust,
            settings=web,
            domain=PROD.domain,
            protected=True,
        )


@cache
def ground(naming: Naming = NAMING) -> Cloud[Ground]:
    return deploy(lambda: Ground(naming))


@cache
def region(naming: Naming = NAMING) -> Cloud[Region]:
    return deploy(lambda: Region(naming))
