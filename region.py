"""A region of the platform, put together: the one place where the parts meet."""

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


def compose(settings: Settings, stack_secrets: StackSecrets) -> RegionOutputs:
    """Declare the region; every resource is a child of the part it belongs to."""
    naming = Naming(
        environment=settings.environment,
        role=settings.role,
        account_id=settings.account_id,
        cost_center=settings.cost_center,
    )
    region, protected = settings.region, settings.protected
    # Credentials of another account are refused before anything is read or changed.
    provider = aws.Provider("aws", region=region, allowed_account_ids=[settings.account_id])
    opts = pulumi.ResourceOptions(provider=provider)

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
    parts = [keys, network, firewall, endpoints, secrets, storage, database, cache, queues, balancer, waf, web, workers]
    Protection(parts, protected=protected)
    return RegionOutputs(
        account_id=settings.account_id,
        region=region,
        environment=settings.environment,
        role=settings.role,
        vpc_id=network.vpc.id,
        vpc_cidr=network.vpc.cidr_block,
        app_subnet_ids=pulumi.Output.all(*network.app_subnet_ids),
        data_subnet_ids=pulumi.Output.all(*network.data_subnet_ids),
        key_arns={role: getattr(keys, role).arn for role in ("data", "storage", "logs", "messages", "secrets")},
        secret_arns={role: getattr(secrets, role).arn for role in ("app", "database", "cache")},
        bucket_names={role: getattr(storage, role).name for role in ("uploads", "releases", "logs", "backups")},
        bucket_arns={role: getattr(storage, role).arn for role in ("uploads", "releases", "logs", "backups")},
        database_identifier=database.instance.identifier,
        database_arn=database.instance.arn,
        database_endpoint=database.endpoint,
        cache_id=cache.group.id,
        cache_endpoint=cache.endpoint,
        queue_urls={name: queue.url for name, queue in queues.work.items()},
        dead_letter_queue_urls={name: queue.url for name, queue in queues.dead_letter.items()},
        web_group_names={color: fleet.group.name for color, fleet in web.fleets.items()},
        worker_group_name=workers.fleet.group.name,
        load_balancer_dns_name=balancer.dns_name,
        load_balancer_zone_id=balancer.zone_id,
        certificate_validation_records=balancer.certificate.domain_validation_options,
    )
