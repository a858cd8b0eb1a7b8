"""A region of the platform: its parts, and how they are connected."""

from dataclasses import replace

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.compute.bastion import Bastion
from components.compute.host_context import DataStores, HostContext
from components.compute.hosts import Hosts, HostsArgs
from components.compute.monitoring import Monitoring, MonitoringArgs
from components.compute.web import Web, WebArgs
from components.compute.workers import Workers, WorkersArgs
from components.data.cache import Cache, CacheArgs
from components.data.cache import identifier as cache_identifier
from components.data.database import Database, DatabaseArgs
from components.data.database import identifier as database_identifier
from components.data.queues import Queues, QueuesArgs
from components.monitoring.alarms import Alarms, AlarmsArgs
from components.monitoring.log_archive import LogArchive, LogArchiveArgs
from components.monitoring.log_metrics import LogMetrics, LogMetricsArgs
from components.monitoring.log_queries import LogGroups, LogQueries, LogQueriesArgs
from components.monitoring.metrics_volume import MetricsVolume, MetricsVolumeArgs
from components.monitoring.watch import watch
from components.monitoring.watched import Watched
from components.network.client_vpn import ClientVpn, ClientVpnArgs
from components.network.endpoints import Endpoints, EndpointsArgs
from components.network.network import Network, NetworkArgs
from components.network.security_groups import Member, SecurityGroups, SecurityGroupsArgs, Service
from components.protection import Protection, warn_of_the_end
from components.recovery.backups import Backups, BackupsArgs
from components.recovery.offsite import Offsite, OffsiteArgs
from components.recovery.replication import OUT, Replication, ReplicationArgs, Side
from components.security.keys import Keys, KeysArgs
from components.security.secrets import Secrets, SecretsArgs
from components.site import Site
from components.storage.storage import Storage, StorageArgs
from components.web.load_balancer import LoadBalancer, LoadBalancerArgs
from components.web.trust_store import TrustStore, TrustStoreArgs
from components.web.waf import Waf, WafArgs
from hosts.roles import BASTION
from naming import Naming
from outputs import RegionOutputs
from settings import MonitoringSettings, OffsiteSettings, Settings, StackSecrets
from settings.permanent import made_with


def compose(settings: Settings, stack_secrets: StackSecrets) -> RegionOutputs:
    """Declare the region; every resource is a child of its part."""
    region = Region(settings, stack_secrets)
    Protection(region.parts(), protected=settings.protected)
    if not settings.protected:
        warn_of_the_end()
    return region.outputs()


class Region:
    """The platform on one page: the parts of a region, each after those that it needs."""

    keys: Keys
    network: Network
    security_groups: SecurityGroups
    vpn: ClientVpn | None
    endpoints: Endpoints
    storage: Storage
    offsite: Offsite | None
    replication: Replication | None
    secrets: Secrets
    database: Database
    metrics: MetricsVolume | None
    backups: Backups | None
    cache: Cache
    queues: Queues
    trust_store: TrustStore
    load_balancer: LoadBalancer
    waf: Waf
    web: Web
    workers: Workers
    monitoring: Monitoring | None
    bastion: Bastion | None
    log_archive: LogArchive | None
    log_metrics: LogMetrics
    alarms: Alarms
    log_queries: LogQueries | None

    def __init__(self, settings: Settings, stack_secrets: StackSecrets) -> None:
        self._settings = settings
        self._stack_secrets = stack_secrets
        self._site = _site(settings)
        # Credentials of another account are refused before anything is read or changed.
        provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
        self._opts = pulumi.ResourceOptions(provider=provider)
        self._declare_network()
        self._declare_storage()
        self._declare_database()
        self._declare_backups()
        self._declare_cache_and_queues()
        self._declare_entry()
        self._declare_hosts()
        self._declare_log_archive()
        self._declare_alarms()
        self._declare_searches()

    def _declare_network(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        copied_to = settings.offsite.other_account if settings.offsite and settings.is_home else None
        self.keys = Keys("keys", KeysArgs(site=site, settings=settings.keys, copied_to=copied_to), opts)
        network_args = NetworkArgs(site=site, settings=settings.network, keys=self.keys, fenced=settings.fenced)
        self.network = Network("network", network_args, opts)
        present: list[Member] = [*([Service.VPN] if settings.vpn else []), *([BASTION] if settings.bastion else [])]
        groups_args = SecurityGroupsArgs(site=site, network=self.network, fenced=settings.fenced, present=present)
        self.security_groups = SecurityGroups("firewall", groups_args, opts)
        self.vpn = None
        if settings.vpn:
            vpn_args = ClientVpnArgs(
                site=site,
                network=self.network,
                security_groups=self.security_groups,
                keys=self.keys,
                settings=settings.vpn,
            )
            self.vpn = ClientVpn("vpn", vpn_args, opts)
        endpoints_args = EndpointsArgs(
            site=site,
            network=self.network,
            security_groups=self.security_groups,
            only_zone=settings.endpoint_zone,
        )
        self.endpoints = Endpoints("endpoints", endpoints_args, opts)

    def _declare_storage(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        home = None if settings.is_home else replace(site.naming, environment=settings.home)
        storage_args = StorageArgs(site=site, keys=self.keys, settings=settings.storage, home=home)
        self.storage = Storage("storage", storage_args, opts)
        self.offsite = self.replication = None
        if settings.offsite and settings.is_home:
            self._declare_copies(settings.offsite)
        self.secrets = Secrets(
            "secrets",
            SecretsArgs(
                site=site,
                keys=self.keys,
                settings=settings.secrets,
                database_username=settings.database.username,
                values=self._stack_secrets,
                monitored=settings.monitoring is not None,
                offsite_keys=self.offsite.keys if self.offsite else None,
            ),
            opts,
        )

    def _declare_copies(self, offsite: OffsiteSettings) -> None:
        """Only the home of the data has a provider for the other region, which only the copies use."""
        settings, site = self._settings, self._site
        provider = aws.Provider("offsite", region=offsite.region, allowed_account_ids=[settings.account_id])
        self.offsite = Offsite(
            "offsite",
            OffsiteArgs(
                site=site,
                keys=self.keys,
                network=self.network,
                storage=self.storage,
                settings=offsite,
                keys_settings=settings.keys,
                storage_settings=settings.storage,
            ),
            pulumi.ResourceOptions(provider=provider),
        )
        originals = Side(buckets=self.storage.data, key=self.keys["storage"], region=site.region)
        replication_args = ReplicationArgs(site=site, source=originals, target=self.offsite.side)
        self.replication = Replication(OUT, replication_args, self._opts)

    def _declare_database(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        self._source_arn = _database_of(settings.follows) if settings.follows and settings.following else None
        self.database = Database(
            "database",
            DatabaseArgs(
                site=site,
                network=self.network,
                security_groups=self.security_groups,
                keys=self.keys,
                settings=settings.database,
                password=self._stack_secrets.database_password,
                source_arn=self._source_arn,
                apply_immediately=settings.apply_immediately,
            ),
            opts,
        )

    def _declare_backups(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        self.metrics = None
        if settings.monitoring:
            volume_args = MetricsVolumeArgs(
                site=site, network=self.network, keys=self.keys, settings=settings.monitoring
            )
            self.metrics = MetricsVolume("metrics", volume_args, opts)
        self.backups = None
        if settings.offsite:
            backups_args = BackupsArgs(
                site=site,
                keys=self.keys,
                network=self.network,
                database=self.database.instance,
                settings=settings.offsite,
                offsite=self.offsite,
                source_arn=self._source_arn,
                kept_days=settings.database.backup_retention_days,
                metrics=self.metrics.volume if self.metrics else None,
            )
            self.backups = Backups("backups", backups_args, opts)

    def _declare_cache_and_queues(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        cache_args = CacheArgs(
            site=site,
            network=self.network,
            security_groups=self.security_groups,
            keys=self.keys,
            settings=settings.cache,
            auth_token=self._stack_secrets.cache_auth_token,
            permanent=settings.cache_is_permanent,
            runs=settings.cached,
        )
        self.cache = Cache("cache", cache_args, opts)
        queues_args = QueuesArgs(site=site, keys=self.keys, queues=settings.workers.queues)
        self.queues = Queues("queues", queues_args, opts)

    def _declare_entry(self) -> None:
        settings, site, opts = self._settings, self._site, self._opts
        authorities = self._stack_secrets.origin_pull_ca
        trust_store_args = TrustStoreArgs(site=site, storage=self.storage, authorities=authorities)
        self.trust_store = TrustStore("origin-trust", trust_store_args, opts)
        self.load_balancer = LoadBalancer(
            "balancer",
            LoadBalancerArgs(
                site=site,
                network=self.network,
                security_groups=self.security_groups,
                storage=self.storage,
                trust_store=self.trust_store,
                settings=settings.web,
                domain=settings.domain,
                monitored=settings.monitoring is not None,
            ),
            opts,
        )
        waf_args = WafArgs(
            site=site,
            load_balancer=self.load_balancer,
            keys=self.keys,
            webhooks=settings.webhooks,
            settings=settings.web,
        )
        self.waf = Waf("waf", waf_args, opts)

    def _declare_hosts(self) -> None:
        """A component for each row of `hosts.roles.ROLES`."""
        settings, opts = self._settings, self._opts
        context = HostContext(
            site=self._site,
            network=self.network,
            security_groups=self.security_groups,
            keys=self.keys,
            secrets=self.secrets,
            storage=self.storage,
            queues=self.queues,
            data_stores=DataStores(
                database=database_identifier(self._site.naming, "database", settings.database.generation),
                cache=cache_identifier(self._site.naming, "cache"),
                database_name=settings.database.database_name,
            ),
            work=settings.workers,
            maintenance_window=settings.database.maintenance_window,
            domain=settings.domain,
        )
        web_args = WebArgs(
            context=context, load_balancer=self.load_balancer, settings=settings.web, capacity=settings.capacity
        )
        self.web = Web("web", web_args, opts)
        workers_args = WorkersArgs(context=context, settings=settings.workers, capacity=settings.capacity)
        self.workers = Workers("workers", workers_args, opts)
        self.monitoring = self._monitoring(context, settings.monitoring) if settings.monitoring else None
        self.bastion = None
        if settings.bastion:
            self.bastion = Bastion("bastion", HostsArgs(context=context, settings=settings.bastion), opts)

    def _monitoring(self, context: HostContext, settings: MonitoringSettings) -> Monitoring:
        # All of them exist if there is a monitoring host.
        assert self.metrics
        assert self.load_balancer.monitoring
        assert self.secrets.receivers
        args = MonitoringArgs(
            context=context,
            settings=settings,
            volume=self.metrics,
            target_group=self.load_balancer.monitoring,
            receivers=self.secrets.receivers,
            watch=watch(self._settings, settings, frozenset(self._stack_secrets.receivers)),
        )
        return Monitoring("monitoring", args, self._opts)

    def _declare_log_archive(self) -> None:
        settings = self._settings.logs.archive
        self.log_archive = None
        if settings:
            args = LogArchiveArgs(
                site=self._site,
                keys=self.keys,
                bucket=self.storage.logs,
                log_groups=self._log_groups(),
                settings=settings,
            )
            self.log_archive = LogArchive("log-archive", args, self._opts)

    def _declare_alarms(self) -> None:
        watched = Watched(
            site=self._site,
            settings=self._settings,
            network=self.network,
            database=self.database,
            cache=self.cache,
            queues=self.queues,
            load_balancer=self.load_balancer,
            hosts=self.hosts(),
            backups=self.backups,
            offsite=self.offsite,
            log_archive=self.log_archive,
        )
        metrics_args = LogMetricsArgs(site=self._site, log_groups=self._log_groups())
        self.log_metrics = LogMetrics("logged", metrics_args, self._opts)
        alarms_args = AlarmsArgs(keys=self.keys, errors=self.log_metrics, watched=watched)
        self.alarms = Alarms("alarms", alarms_args, self._opts)

    def _declare_searches(self) -> None:
        args = LogQueriesArgs(site=self._site, log_groups=self._log_groups())
        self.log_queries = LogQueries("logs", args, self._opts) if self._settings.logs.queries else None

    def _log_groups(self) -> LogGroups:
        return {
            **{part.role.name: part.log_group for part in self.hosts()},
            **{f"database-{log}": group for log, group in self.database.log_groups.items()},
            **{f"cache-{log}": group for log, group in self.cache.log_groups.items()},
            "waf": self.waf.log_group,
            "network": self.network.flow_log_group,
            **({"vpn": self.vpn.log_group} if self.vpn else {}),
        }

    def parts(self) -> list[Component]:
        """The parts, in order of declaration."""
        return [part for part in vars(self).values() if isinstance(part, Component)]

    def hosts(self) -> list[Hosts]:
        """The parts that are hosts, one for each role."""
        return [part for part in self.parts() if isinstance(part, Hosts)]

    def outputs(self) -> RegionOutputs:
        """What the region promises to other stacks and to operators' commands."""
        settings = self._settings
        return RegionOutputs(
            account_id=settings.account_id,
            made_with=made_with(settings),
            topology=settings.topology,
            role=settings.role,
            activated=settings.activated,
            fenced=settings.fenced,
            database_generation=settings.database.generation,
            retained_database_generations=settings.database.retained_generations,
            key_arns=self.keys.arns,
            secret_arns=self.secrets.arns,
            bucket_names=self.storage.names,
            database_identifier=self.database.instance.identifier,
            database_arn=self.database.instance.arn,
            queue_urls={name: queue.url for name, queue in self.queues.work.items()},
            host_group_names={part.role.name: part.group_names for part in self.hosts()},
            load_balancer_dns_name=self.load_balancer.load_balancer.dns_name,
            certificate_arn=self.load_balancer.certificate.arn,
            certificate_validation_records=self.load_balancer.certificate.domain_validation_options,
            backup_vault_name=self.backups.vault.name if self.backups else "",
            data_tier_acl_id=self.network.data_tier_acl.acl.id,
        )


def _site(settings: Settings) -> Site:
    naming = Naming(environment=settings.environment, account_id=settings.account_id, cost_center=settings.cost_center)
    policy = settings.permissions_boundary
    boundary = f"arn:aws:iam::{settings.account_id}:policy/{policy}" if policy else None
    return Site(naming=naming, region=settings.region, protected=settings.protected, boundary=boundary)


def _database_of(stack: str) -> pulumi.Output[str]:
    """The database of the pair's other stack: the only thing that a standby reads from it, and only while it
    follows."""
    other = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
    return other.require_output("database_arn")
