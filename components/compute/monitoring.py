"""The monitoring host: one instance in the zone of its data volume, which its replacement takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws
from typing_extensions import override

from components.compute.host_environment import what_it_is
from components.compute.hosts import Hosts, HostsArgs
from components.compute.permissions import (
    attach_volume,
    discover_hosts,
    find_data_stores,
    read_metrics,
    read_objects,
    read_secrets,
    write_remotely,
)
from components.monitoring.metrics_volume import MetricsVolume
from hosts.roles import MONITORING
from hosts.values import HostValues
from monitoring.host.files import files
from monitoring.host.watch import Watch
from settings import MonitoringSettings

SERVICE_USER = "prometheus"
"""The user as which Debian's and Ubuntu's packages run Prometheus, Alertmanager and the exporters."""


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs(HostsArgs):
    """What it watches, and the target group of its host name."""

    settings: MonitoringSettings
    volume: MetricsVolume
    target_group: aws.lb.TargetGroup
    receivers: aws.secretsmanager.Secret
    watch: Watch


class Monitoring(Hosts):
    """One fleet of one host; a new host starts once the former has released the volume."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self._args = args
        super().__init__("compute:Monitoring", name, MONITORING, args, opts)
        [group] = MONITORING.groups
        context = args.context
        remote = args.settings.remote_write_url
        instance_role = self._role_of_instances(
            *read_secrets(context, [*self._secrets().values()]),
            *find_data_stores(context),
            *read_objects(context, "releases"),
            *discover_hosts(),
            *attach_volume(context, args.volume.volume, f"{name}-{group}"),
            *(read_metrics() if args.watch.grafana else []),
            *(write_remotely() if remote else []),
        )
        fleet = self._fleet(
            group, instance_role, (1, 1), self._environment(group), [args.target_group], args.volume.subnet_id
        )
        self.fleets = {group: fleet}
        self.register_outputs({"group": fleet.group.name})

    @override
    def _values(self) -> HostValues:
        return replace(super()._values(), made=files(self._args.watch))

    def _secrets(self) -> Mapping[str, pulumi.Output[str]]:
        """The secrets that it reads, by their name on the host; it does not read the application's."""
        own, receivers = self._args.context.secrets, self._args.receivers
        return {"DATABASE": own["database-monitoring"].arn, "CACHE": own["cache"].arn, "RECEIVERS": receivers.arn}

    def _environment(self, group: str) -> dict[str, pulumi.Input[str]]:
        args = self._args
        stores = args.context.data_stores
        return {
            **what_it_is(args.context, self.role, group, "", SERVICE_USER),
            **{f"ASKPROAI_SECRET_{name}": arn for name, arn in self._secrets().items()},
            "ASKPROAI_DATABASE": stores.database,
            **({"ASKPROAI_CACHE": stores.cache} if args.watch.cache else {}),
            "ASKPROAI_VOLUME": args.volume.volume.id,
            "AWS_DEFAULT_REGION": args.context.site.region,
        }
