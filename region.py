"""A region of the platform, put together: the one place where the parts meet."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.balancer import Balancer, BalancerArgs
from components.cache import Cache, CacheArgs
from components.database import Database, DatabaseArgs
from components.endpoints import Endpoints, EndpointsArgs
from components.firewall import Firewall, FirewallArgs
from components.keys import Keys, KeysArgs
from components.network import Network, NetworkArgs
from components.protection import Protection
from components.queues import Queues, QueuesArgs
from components.secrets import Secrets, SecretsArgs
from components.storage import Storage, StorageArgs
from components.waf import Waf, WafArgs
from components.web import Web, WebArgs
from components.workers import Workers, WorkersArgs
from naming import Naming
from outputs import RegionOutputs
from settings import Settings, StackSecrets


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a region, each after those it needs."""

    keys: Keys
    network: Network
    firewall: Firewall
    endpoints: Endpoints
    secrets: Secrets
    storage: Storage
    database: Database
    cache: Cache
    queues: Queues
    balancer: Balancer
    waf: Waf
    web: Web
    workers: Workers


def compose(settings: Settings, stack_secrets: StackSecrets) -> RegionOutputs:
    """Declare the region; every resource is a child of the part it belongs to."""
    # Credentials of another account are refused before anything is read or changed.
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
    parts = _parts(settings, stack_secrets, pulumi.ResourceOptions(provider=provider))
    Protection(list(vars(parts).values()), protected=settings.protected)
    return _record(settings, parts)


def _parts(settings: Settings, stack_secrets: StackSecrets, opts: pulumi.ResourceOptions) -> Parts:
    """The platform on a page."""
    naming = Naming(
        environment=settings.environment,
        role=settings.role,
        account_id=settings.account_id,
        cost_center=settings.cost_center,
    )
    region, protected = settings.region, settings.protected
    keys = Keys("keys", KeysArgs(naming=naming, region=region, settings=settings.keys, protected=protected), opts)
    network = Network("network", NetworkArgs(naming=naming, region=region, settings=settings.network, keys=keys), opts)
    firewall = Firewall("firewall", FirewallArgs(naming=naming, network=network), opts)
    endpoints = Endpoints(
        "endpoints", EndpointsArgs(naming=naming, region=region, network=network, firewall=firewall), opts
    )
    secrets = Secrets(
        "secrets",
        SecretsArgs(
            naming=naming,
            keys=keys,
            settings=settings.secrets,
            database_username=settings.database.username,
            values=stack_secrets,
            protected=protected,
        ),
        opts,
    )
    storage = Storage(
        "storage", StorageArgs(naming=naming, keys=keys, settings=settings.storage, protected=protected), opts
    )
    database = Database(
        "database",
        DatabaseArgs(
            naming=naming,
            network=network,
            firewall=firewall,
            keys=keys,
            settings=settings.database,
            password=stack_secrets.database_password,
            protected=protected,
        ),
        opts,
    )
    cache = Cache(
        "cache",
        CacheArgs(
            naming=naming,
            network=network,
            firewall=firewall,
            keys=keys,
            settings=settings.cache,
            auth_token=stack_secrets.cache_auth_token,
            protected=protected,
        ),
        opts,
    )
    queues = Queues(
        "queues",
        QueuesArgs(naming=naming, keys=keys, queues=settings.workers.queues, protected=protected),
        opts,
    )
    balancer = Balancer(
        "balancer",
        BalancerArgs(
            naming=naming,
            network=network,
            firewall=firewall,
            storage=storage,
            settings=settings.web,
            domain=settings.domain,
            protected=protected,
        ),
        opts,
    )
    waf = Waf("waf", WafArgs(naming=naming, balancer=balancer, keys=keys, settings=settings.web), opts)
    web = Web(
        "web",
        WebArgs(
            naming=naming,
            region=region,
            network=network,
            firewall=firewall,
            keys=keys,
            secrets=secrets,
            storage=storage,
            queues=queues,
            balancer=balancer,
            settings=settings.web,
        ),
        opts,
    )
    workers = Workers(
        "workers",
        WorkersArgs(
            naming=naming,
            region=region,
            network=network,
            firewall=firewall,
            keys=keys,
            secrets=secrets,
            storage=storage,
            queues=queues,
            settings=settings.workers,
        ),
        opts,
    )
    return Parts(
        keys=keys,
        network=network,
        firewall=firewall,
        endpoints=endpoints,
        secrets=secrets,
        storage=storage,
        database=database,
        cache=cache,
        queues=queues,
        balancer=balancer,
        waf=waf,
        web=web,
        workers=workers,
    )


def _record(settings: Settings, parts: Parts) -> RegionOutputs:
    return RegionOutputs(
        account_id=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        role=settings.role,
        vpc_id=parts.network.vpc.id,
        vpc_cidr=parts.network.vpc.cidr_block,
        app_subnet_ids=pulumi.Output.all(*parts.network.app_subnet_ids),
        data_subnet_ids=pulumi.Output.all(*parts.network.data_subnet_ids),
        key_arns={role: getattr(parts.keys, role).arn for role in ("data", "storage", "logs", "messages", "secrets")},
        secret_arns={role: getattr(parts.secrets, role).arn for role in ("app", "database", "cache")},
        bucket_names={role: getattr(parts.storage, role).name for role in ("uploads", "releases", "logs", "backups")},
        bucket_arns={role: getattr(parts.storage, role).arn for role in ("uploads", "releases", "logs", "backups")},
        database_identifier=parts.database.instance.identifier,
        database_arn=parts.database.instance.arn,
        database_endpoint=parts.database.endpoint,
        cache_id=parts.cache.group.id,
        cache_endpoint=parts.cache.endpoint,
        queue_urls={name: queue.url for name, queue in parts.queues.work.items()},
        dead_letter_queue_urls={name: queue.url for name, queue in parts.queues.dead_letter.items()},
        web_group_names={color: fleet.group.name for color, fleet in parts.web.fleets.items()},
        worker_group_name=parts.workers.fleet.group.name,
        load_balancer_dns_name=parts.balancer.dns_name,
        load_balancer_zone_id=parts.balancer.zone_id,
        certificate_validation_records=parts.balancer.certificate.domain_validation_options,
    )
