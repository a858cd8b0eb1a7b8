"""What a region consists of, and what it tells others of its parts."""

from dataclasses import dataclass

import pulumi

from components.alarms import Alarms
from components.backups import Backups
from components.balancer import Balancer
from components.cache import Cache
from components.database import Database
from components.endpoints import Endpoints
from components.firewall import Firewall
from components.keys import Keys
from components.network import Network
from components.offsite import Offsite
from components.origin_trust import OriginTrust
from components.queues import Queues
from components.replication import Replication
from components.secrets import Secrets
from components.storage import Storage
from components.waf import Waf
from components.web import Web
from components.workers import Workers
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
    backups: Backups
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
        follows=settings.follows,
        activated=settings.activated,
        fenced=settings.fenced,
        posture=settings.posture,
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
        backup_vault_name=parts.backups.vault.name,
        offsite=parts.offsite.summary if parts.offsite else {},
    )
