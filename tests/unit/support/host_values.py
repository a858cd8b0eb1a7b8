"""Values with which the files of a host are rendered in tests; none is an operator's."""

from hosts.values import HostValues

VALUES = HostValues(
    php_version="8.4",
    vpc_cidr="10.99.0.0/16",
    proxies=("192.0.2.0/24", "198.51.100.0/24"),
    metrics_namespace="Agent",
    log_group="the-log",
    maintenance_window="tue:02:00-tue:03:00",
    queues={"default": 1, "high": 2},
    job_timeout_seconds=60,
)
