"""A region of the platform, put together: the one place where the parts meet."""

from dataclasses import replace

import pulumi
import pulumi_aws as aws

from components.compute.web import Web, WebArgs
from components.compute.workers import Workers, WorkersArgs
from components.data.cache import Cache, CacheArgs
from components.data.database import Database, DatabaseArgs
from components.data.queues import Queues, QueuesArgs
from components.monitoring.alarms import Alarms, AlarmsArgs
from components.network.endpoints import Endpoints, EndpointsArgs
from components.network.network import Network, NetworkArgs
from components.network.security_groups import Firewall, FirewallArgs
from components.protection import Protection
from components.recovery.backups import Backups, BackupsArgs
from components.recovery.offsite import Offsite, OffsiteArgs
from components.recovery.replication import Replication, ReplicationArgs, Side
from components.security.keys import Keys, KeysArgs
from components.security.secrets import Secrets, SecretsArgs
from components.storage.storage import Storage, StorageArgs
from components.web.load_balancer import Balancer, BalancerArgs
from components.web.trust_store import OriginTrust, OriginTrustArgs
from components.web.waf import Waf, WafArgs
from naming import Naming
from outputs import RegionOutputs
from region_record import Parts, record
from settings import OffsiteSettings, Settings, StackSecrets


def compose(settings: Settings, stack_secrets: StackSecrets) -> RegionOutputs:
    """Declare the region; every resource is a child of the part it belongs to."""
    # Credentials of another account are refused before anything is read or changed.
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
    parts = _parts(settings, stack_secrets, pulumi.ResourceOptions(provider=provider))
    Protection([part for part in vars(parts).values() if part], protected=settings.protected)
    return record(settings, parts)


def _parts(settings: Settings, stack_secrets: StackSecrets, opts: pulumi.ResourceOptions) -> Parts:
    """The platform on a page."""
    naming = Naming(
        environment=settings.environment,
        account_id=settings.account_id,
        cost_center=settings.cost_center,
    )
    region, protected = settings.region, settings.protected
    keys = Keys("keys", KeysArgs(naming=naming, region=region, settings=settings.keys, protected=protected), opts)
    network = Network("network", NetworkArgs(naming=naming, region=region, settings=settings.network, keys=keys), opts)
    firewall = Firewall("firewall", FirewallArgs(naming=naming, network=network, fenced=settings.fenced), opts)
    endpoints = Endpoints(
        "endpoints", EndpointsArgs(naming=naming, region=region, network=network, firewall=firewall), opts
    )
    storage = Storage(
        "storage",
        StorageArgs(
            naming=naming,
            region=region,
            keys=keys,
            settings=settings.storage,
            protected=protected,
            home=replace(naming, environment=settings.offsite.home)
            if settings.offsite and not settings.is_home
            else None,
        ),
        opts,
    )
    offsite = None
    if settings.offsite and settings.is_home:
        offsite = _offsite(settings, settings.offsite, naming, keys, storage)
    replication = None
    if offsite:
        originals = Side(buckets=storage.data, key=keys.storage, region=region)
        replication = Replication(
            "replication", ReplicationArgs(naming=naming, source=originals, target=offsite.side), opts
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
            offsite_keys=offsite.keys if offsite else None,
        ),
        opts,
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
            source_arn=_followed_database(settings.follows) if settings.follows and settings.following else None,
            apply_immediately=settings.role == "standby" or settings.database.generation > 1,
            protected=protected,
        ),
        opts,
    )
    backups = None
    if settings.offsite:
        backups = Backups(
            "backups",
            BackupsArgs(
                naming=naming,
                region=region,
                keys=keys,
                database=database.instance,
                settings=settings.offsite,
                offsite=offsite,
                following=settings.following,
                protected=protected,
            ),
            opts,
        )
    cache = None
    if settings.cached:
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
                lasting=settings.posture != "pilot-light",
            ),
            opts,
        )
    queues = Queues(
        "queues",
        QueuesArgs(naming=naming, keys=keys, queues=settings.workers.queues, protected=protected),
        opts,
    )
    origin_trust = OriginTrust(
        "origin-trust",
        OriginTrustArgs(naming=naming, storage=storage, authorities=stack_secrets.origin_pull_ca),
        opts,
    )
    balancer = Balancer(
        "balancer",
        BalancerArgs(
            naming=naming,
            network=network,
            firewall=firewall,
            storage=storage,
            trust=origin_trust,
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
            capacity=settings.capacity,
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
            capacity=settings.capacity,
        ),
        opts,
    )
    alarms = Alarms(
        "alarms",
        AlarmsArgs(
            naming=naming,
            keys=keys,
            database=database,
            queues=queues,
            balancer=balancer,
            web=web,
            workers=workers,
            settings=settings.database,
            recovery=settings.recovery,
            emails=settings.alarm_emails,
            ringing=settings.writes,
            following=settings.following,
        ),
        opts,
    )
    return Parts(
        keys=keys,
        network=network,
        firewall=firewall,
        endpoints=endpoints,
        storage=storage,
        offsite=offsite,
        replication=replication,
        secrets=secrets,
        database=database,
        backups=backups,
        cache=cache,
        queues=queues,
        origin_trust=origin_trust,
        balancer=balancer,
        waf=waf,
        web=web,
        workers=workers,
        alarms=alarms,
    )


def _offsite(settings: Settings, copies: OffsiteSettings, naming: Naming, keys: Keys, storage: Storage) -> Offsite:
    """The copies in the other region: nothing else goes through their provider, and only their owner has it."""
    provider = aws.Provider("offsite", region=copies.region, allowed_account_ids=[settings.account_id])
    return Offsite(
        "offsite",
        OffsiteArgs(
            naming=naming,
            region=settings.region,
            keys=keys,
            storage=storage,
            settings=copies,
            keys_settings=settings.keys,
            storage_settings=settings.storage,
            protected=settings.protected,
        ),
        pulumi.ResourceOptions(provider=provider),
    )


def _followed_database(stack: str) -> pulumi.Output[str]:
    """The database of the other stack of the pair: all that a standby reads of it, and only while it follows."""
    other = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
    return other.require_output("database_arn")
