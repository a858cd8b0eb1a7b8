"""What a region consists of, and what it tells others of its parts."""

from dataclasses import dataclass

import pulumi

from components.compute.web import Web
from components.compute.workers import Workers
from components.data.cache import Cache
from components.data.database import Database
from components.data.queues import Queues
from components.monitoring.alarms import Alarms
from components.network.endpoints import Endpoints
from components.network.network import Network
from components.network.security_groups import Firewall
from components.recovery.backups import Backups
from components.recovery.offsite import Offsite
from components.recovery.replication import Replication
from components.security.keys import Keys
from components.security.secrets import Secrets
from components.storage.storage import Storage
from components.web.load_balancer import Balancer
from components.web.trust_store import OriginTrust
from components.web.waf import Waf
from outputs import RegionOutputs
from settings import Settings


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a region, each after those it needs."""

    keys: Keys
    network: Network
    firewall: Firewall
    endpoints: Endpoints
    storage: Storage
    offsite: Offsite | None
    replication: Replication | None
    secrets: Secrets
    database: Database
    backups: Backups | None
    cache: Cache | None
    queues: Queues
    origin_trust: OriginTrust
    balancer: Balancer
    waf: Waf
    web: Web
    workers: Workers
    alarms: Alarms


def record(settings: Settings, parts: Parts) -> RegionOutputs:
    """The record of a region with these parts."""
    return RegionOutputs(
        account_id=settings.account_id,
        region=settings.region,
        environment=settings.environment,
        role=settings.role,
        follows=settings.follows or "",
        activated=settings.activated,
        fenced=settings.fenced,
        posture=settings.posture or "",
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
        database_generation=settings.database.generation,
        kept_database_identifiers=pulumi.Output.all(*(kept.identifier for kept in parts.database.kept.values())),
        cache_id=parts.cache.group.id if parts.cache else "",
        cache_endpoint=parts.cache.endpoint if parts.cache else "",
        queue_urls={name: queue.url for name, queue in parts.queues.work.items()},
        dead_letter_queue_urls={name: queue.url for name, queue in parts.queues.dead_letter.items()},
        web_group_names={color: fleet.group.name for color, fleet in parts.web.fleets.items()},
        worker_group_name=parts.workers.fleet.group.name,
        load_balancer_dns_name=parts.balancer.dns_name,
        load_balancer_zone_id=parts.balancer.zone_id,
        target_group_arns={color: group.arn for color, group in parts.balancer.target_groups.items()},
        certificate_arn=parts.balancer.certificate.arn,
        certificate_validation_records=parts.balancer.certificate.domain_validation_options,
        alarm_topic_arn=parts.alarms.topic.arn,
        backup_vault_name=parts.backups.vault.name if parts.backups else "",
        offsite=parts.offsite.summary if parts.offsite else {},
    )
