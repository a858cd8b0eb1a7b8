"""What the alarms watch: the region's resources by subject and part, with their CloudWatch dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi

from components.compute.fleet import Fleet
from components.compute.hosts import Hosts
from components.data.cache import Cache
from components.data.database import Database
from components.data.queues import Queues
from components.monitoring.log_archive import LogArchive
from components.network.network import Network
from components.recovery.backups import Backups
from components.recovery.offsite import Offsite
from components.recovery.replication import BACK, OUT
from components.site import Site
from components.storage.storage import DATA
from components.web.load_balancer import LoadBalancer
from monitoring.alerts.alert import Subject
from naming import replica_of
from settings import HostSettings, Settings
from settings.hosts import burstable

Dimensions = Mapping[str, pulumi.Input[str]]
Parts = Mapping[str, Sequence[Dimensions]]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The components that alarms watch; `parts` returns the resources of each subject."""

    site: Site
    settings: Settings
    network: Network
    database: Database
    cache: Cache
    queues: Queues
    load_balancer: LoadBalancer
    hosts: Sequence[Hosts]
    backups: Backups | None
    offsite: Offsite | None
    log_archive: LogArchive | None

    def parts(self) -> dict[Subject, Parts]:
        """The resources of each subject, by the name of their part; the name is empty if there is only one part."""
        database = {"DBInstanceIdentifier": self.database.instance.identifier}
        return {
            Subject.DATABASE: {"": [database]},
            Subject.REPLICA: {"": [database]} if self.settings.following else {},
            Subject.CACHE_SHARD: self._shards(),
            Subject.HOSTS: {part: [_group(fleet)] for part, _, fleet in self._fleets()},
            Subject.BURSTABLE_HOSTS: {
                part: [_group(fleet)] for part, settings, fleet in self._fleets() if burstable(settings.instance_type)
            },
            **self._entry(),
            Subject.QUEUE: {queue: [{"QueueName": made.name}] for queue, made in self.queues.work.items()},
            Subject.DEAD_LETTERS: {
                queue: [{"QueueName": made.name}] for queue, made in self.queues.dead_letter.items()
            },
            Subject.NAT_GATEWAY: {
                letter: [{"NatGatewayId": gateway.id}] for letter, gateway in self.network.nat_gateways.items()
            },
            **self._vaults(),
            **self._objects(),
            Subject.LOG_ARCHIVE: (
                {"": [{"DeliveryStreamName": self.log_archive.stream.name}]} if self.log_archive else {}
            ),
            Subject.CHECKLIST: {"": [{"Environment": self.settings.environment}]} if self.settings.follows else {},
        }

    def _fleets(self) -> Iterator[tuple[str, HostSettings, Fleet]]:
        """Each group of hosts with its unique name, and the settings of its role."""
        for hosts in self.hosts:
            for group, fleet in hosts.fleets.items():
                yield hosts.role.fleet(group), getattr(self.settings, hosts.role.name), fleet

    def _shards(self) -> Parts:
        """The nodes of each shard, which ElastiCache numbers from 1 (ElastiCache API, NodeGroup, NodeGroupMember)."""
        if self.cache.group is None:
            return {}
        settings, group = self.settings.cache, self.cache.group.replication_group_id
        return {
            f"{shard:04d}": [
                {"CacheClusterId": pulumi.Output.concat(group, f"-{shard:04d}-{node:03d}")}
                for node in range(1, settings.replicas_per_shard + 2)
            ]
            for shard in range(1, settings.shards + 1)
        }

    def _entry(self) -> dict[Subject, Parts]:
        balancer = {"LoadBalancer": self.load_balancer.load_balancer.arn_suffix}
        targets = {
            color: {"TargetGroup": group.arn_suffix, **balancer}
            for color, group in self.load_balancer.target_groups.items()
        }
        if self.load_balancer.monitoring:
            targets["monitoring"] = {"TargetGroup": self.load_balancer.monitoring.arn_suffix, **balancer}
        weights = {"blue": self.settings.web.blue.weight, "green": self.settings.web.green.weight}
        return {
            Subject.LOAD_BALANCER: {"": [balancer]},
            Subject.TARGETS: {color: [dimensions] for color, dimensions in targets.items()},
            Subject.SERVING_TARGETS: {
                color: [dimensions] for color, dimensions in targets.items() if weights.get(color, 0) > 0
            },
            Subject.CERTIFICATE: {"": [{"CertificateArn": self.load_balancer.certificate.arn}]},
        }

    def _vaults(self) -> dict[Subject, Parts]:
        """The vaults, if a plan fills them."""
        if self.backups is None or not self.backups.snapshots_a_day:
            return {Subject.BACKUP_VAULT: {}, Subject.COPY_VAULTS: {}, Subject.RESTORE_TESTS: {}}
        own = {"BackupVaultName": self.backups.vault.name}
        copies = [own, {"BackupVaultName": self.offsite.vault.name}] if self.offsite else []
        tested = [own, *({"ResourceType": each} for each in self.backups.restore_tests.resource_types)]
        return {
            Subject.BACKUP_VAULT: {"": [own]},
            Subject.COPY_VAULTS: {"": copies} if copies else {},
            Subject.RESTORE_TESTS: {"": tested},
        }

    def _objects(self) -> dict[Subject, Parts]:
        """The replication of each data bucket from and to this region, by names: another stack may declare it.

        S3 publishes the latency in the region of the destination, and failures in that of the source (S3 User Guide,
        "Using S3 Replication metrics").
        """
        if self.settings.offsite is None:
            return {Subject.ARRIVING_OBJECTS: {}, Subject.LEAVING_OBJECTS: {}}
        home = replace(self.site.naming, environment=self.settings.home)
        out: dict[str, Sequence[Dimensions]] = {}
        back: dict[str, Sequence[Dimensions]] = {}
        for role in DATA:
            own, replica = home.bucket(role), home.bucket(replica_of(role))
            out[role] = [{"SourceBucket": own, "DestinationBucket": replica, "RuleId": OUT}]
            back[role] = [{"SourceBucket": replica, "DestinationBucket": own, "RuleId": BACK}]
        arriving, leaving = (back, out) if self.settings.is_home else (out, back)
        return {Subject.ARRIVING_OBJECTS: arriving, Subject.LEAVING_OBJECTS: leaving}


def _group(fleet: Fleet) -> Dimensions:
    return {"AutoScalingGroupName": fleet.group.name}
