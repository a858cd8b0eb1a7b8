"""The Redis cache: sharded, a replica of each shard in another zone, encrypted at rest and in transit."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.network.network import Network
from components.network.ports import CACHE
from components.network.security_groups import SecurityGroups, Service
from components.security.keys import Keys
from components.site import Site
from naming import DataClass, Naming
from settings import CacheSettings

LOGS = ("slow-log", "engine-log")
ID_LIMIT = 40
NAME_LIMIT = 255


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    """A `permanent` cache is protected, because it holds the users' sessions, and its deletion takes a final snapshot.

    A cache that exists only while its region is activated has neither: its sessions end with it, and at its next
    deletion the name of the snapshot would already exist.

    While the cache does not `run`, only its log groups exist: its logs are kept, and when a failover creates the cache
    again, its log groups must not already exist undeclared.
    """

    site: Site
    network: Network
    security_groups: SecurityGroups
    keys: Keys
    settings: CacheSettings
    auth_token: pulumi.Output[str]
    permanent: bool
    runs: bool = True


def identifier(naming: Naming, name: str) -> str:
    """The identifier of the replication group."""
    return naming.physical(name, ID_LIMIT)


class Cache(Component):
    """One replication group in cluster mode; its configuration endpoint tells clients which shard has a key."""

    group: aws.elasticache.ReplicationGroup | None
    log_groups: dict[str, aws.cloudwatch.LogGroup]

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data:Cache", name, args.site, data_class=DataClass.PERSONAL, opts=opts)
        self._name = name
        self._args = args
        self._id = identifier(args.site.naming, name)

        self.log_groups = self._log_groups()
        groups = self._subnet_group(), self._parameter_group(), self.log_groups
        self.group = self._group(*groups) if args.runs else None
        self.register_outputs({"endpoint": self.group.configuration_endpoint_address if self.group else None})

    def _subnet_group(self) -> aws.elasticache.SubnetGroup:
        return aws.elasticache.SubnetGroup(
            f"{self._name}-subnets",
            name=self._args.site.naming.physical(self._name, NAME_LIMIT),
            description="The data subnets, one a zone.",
            subnet_ids=self._args.network.data_subnet_ids,
            opts=self.child(),
        )

    def _parameter_group(self) -> aws.elasticache.ParameterGroup:
        values = {**self._args.settings.parameters, "cluster-enabled": "yes"}
        major = self._args.settings.engine_version.split(".")[0]
        return aws.elasticache.ParameterGroup(
            f"{self._name}-parameters",
            name=self._args.site.naming.physical(self._name, NAME_LIMIT),
            family=f"redis{major}",
            description="Cluster mode, and the manuals' tuning.",
            parameters=[
                aws.elasticache.ParameterGroupParameterArgs(name=parameter, value=value)
                for parameter, value in sorted(values.items())
            ],
            opts=self.child(),
        )

    def _log_groups(self) -> dict[str, aws.cloudwatch.LogGroup]:
        """Under /aws/vendedlogs, log groups need no entry in the account's resource policy, whose size is limited."""
        return {
            log: aws.cloudwatch.LogGroup(
                f"{self._name}-{log}",
                name=f"/aws/vendedlogs/elasticache/{self._id}/{log}",
                retention_in_days=self._args.settings.log_retention_days,
                kms_key_id=self._args.keys["logs"].arn,
                opts=self.child(),
            )
            for log in LOGS
        }

    def _group(
        self,
        subnet_group: aws.elasticache.SubnetGroup,
        parameter_group: aws.elasticache.ParameterGroup,
        log_groups: dict[str, aws.cloudwatch.LogGroup],
    ) -> aws.elasticache.ReplicationGroup:
        args, settings = self._args, self._args.settings
        return aws.elasticache.ReplicationGroup(
            f"{self._name}-group",
            replication_group_id=self._id,
            description="Sessions and cached values of the application.",
            engine="redis",
            engine_version=settings.engine_version,
            auto_minor_version_upgrade=True,
            node_type=settings.node_type,
            cluster_mode="enabled",
            num_node_groups=settings.shards,
            replicas_per_node_group=settings.replicas_per_shard,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            port=CACHE,
            subnet_group_name=subnet_group.name,
            security_group_ids=[args.security_groups[Service.CACHE].id],
            parameter_group_name=parameter_group.name,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token=args.auth_token,
            at_rest_encryption_enabled=True,
            kms_key_id=args.keys["data"].arn,
            apply_immediately=settings.changes_apply == "now",
            maintenance_window=settings.maintenance_window,
            snapshot_window=settings.snapshot_window,
            snapshot_retention_limit=settings.snapshot_retention_days,
            final_snapshot_identifier=self._final_snapshot() if args.permanent else None,
            log_delivery_configurations=[
                aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                    log_type=log,
                    log_format="json",
                    destination_type="cloudwatch-logs",
                    destination=log_group.name,
                )
                for log, log_group in log_groups.items()
            ],
            opts=self.child(protect=args.site.protected and args.permanent),
        )

    def _final_snapshot(self) -> pulumi.Output[str]:
        return self._args.network.name_in_this_life(self._args.site.naming, f"{self._name}-final", NAME_LIMIT)
