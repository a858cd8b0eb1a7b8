"""The parts on which others depend, with the settings of the committed stack `prod`, for tests of one component.

They are deployed once. A test's component uses their outputs, and its cloud has only its own resources.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import pulumi
from broken_files import GOOD_SECRETS
from fake_cloud import FAKE_REGION, Cloud, deploy
from stack_files import settings_of

from components.compute.host_context import DataStores, HostContext
from components.data.queues import Queues, QueuesArgs
from components.network.network import Network, NetworkArgs
from components.network.security_groups import SecurityGroups, SecurityGroupsArgs
from components.security.keys import Keys, KeysArgs
from components.security.secrets import Secrets, SecretsArgs
from components.site import Site
from components.storage.storage import Storage, StorageArgs
from components.web.load_balancer import LoadBalancer, LoadBalancerArgs
from components.web.trust_store import TrustStore, TrustStoreArgs
from naming import Naming
from settings import CacheSettings, DatabaseSettings, StackSecrets, WebSettings

PROD = settings_of("prod")
HEARTBEAT_URL = "https://heartbeat.example.com/of-this-region"


def site(environment: str, *, protected: bool = True) -> Site:
    naming = Naming(environment=environment, account_id=PROD.account_id, cost_center=PROD.cost_center)
    return Site(naming=naming, region=FAKE_REGION, protected=protected)


SITE = site(PROD.environment)
NAMING = SITE.naming
UNPROTECTED = site(PROD.environment, protected=False)
LONG_SITE = site("e" * 12)
"""With the longest name that a stack can have."""


def stack_secrets() -> StackSecrets:
    return StackSecrets(**{name: pulumi.Output.secret(value) for name, value in GOOD_SECRETS.items()})


def database_settings(**changes: Any) -> DatabaseSettings:
    return PROD.database.model_copy(update=changes)


def cache_settings(**changes: Any) -> CacheSettings:
    return PROD.cache.model_copy(update=changes)


def web_settings(**changes: Any) -> WebSettings:
    return PROD.web.model_copy(update=changes)


class Ground:
    """The parts of a region before its applications."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.keys = Keys("keys", KeysArgs(site=site, settings=PROD.keys))
        self.network = Network("network", NetworkArgs(site=site, settings=PROD.network, keys=self.keys))
        self.security_groups = SecurityGroups("firewall", SecurityGroupsArgs(site=site, network=self.network))


class Region(Ground):
    """The base parts, and those that web and workers use."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        values = replace(stack_secrets(), heartbeat_url=pulumi.Output.secret(HEARTBEAT_URL))
        secrets_args = SecretsArgs(
            site=site,
            keys=self.keys,
            settings=PROD.secrets,
            database_username=PROD.database.username,
            values=values,
            monitored=True,
        )
        storage = Storage("storage", StorageArgs(site=site, keys=self.keys, settings=PROD.storage))
        self.context = HostContext(
            site=site,
            network=self.network,
            security_groups=self.security_groups,
            keys=self.keys,
            secrets=Secrets("secrets", secrets_args),
            storage=storage,
            queues=Queues("queues", QueuesArgs(site=site, keys=self.keys, queues=PROD.workers.queues)),
            data_stores=DataStores(database="the-database", cache="the-cache", database_name="askproai"),
            work=PROD.workers,
            maintenance_window=PROD.database.maintenance_window,
            domain=PROD.domain,
        )
        trust_store_args = TrustStoreArgs(site=site, storage=storage, authorities=values.origin_pull_ca)
        self.trust_store = TrustStore("origin-trust", trust_store_args)
        self.load_balancer = LoadBalancer("balancer", self.load_balancer_args(PROD.web))

    def load_balancer_args(self, web: WebSettings, *, monitored: bool = True) -> LoadBalancerArgs:
        return LoadBalancerArgs(
            site=self.site,
            network=self.network,
            security_groups=self.security_groups,
            storage=self.context.storage,
            trust_store=self.trust_store,
            settings=web,
            domain=PROD.domain,
            monitored=monitored,
        )


@cache
def ground(site: Site = SITE) -> Cloud[Ground]:
    return deploy(lambda: Ground(site))


@cache
def region(site: Site = SITE) -> Cloud[Region]:
    return deploy(lambda: Region(site))
