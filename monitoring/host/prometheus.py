"""The configuration of Prometheus: what it scrapes, and what the blackbox exporter probes for it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitoring.alerts.alert import Job
from monitoring.host.watch import Watch

SCRAPE_INTERVAL = "15s"
"""DevOps manual, "Prometheus Configuration"."""
PROBE_INTERVAL = "60s"
"""Our choice: as often as Cloudflare's own health checks."""
NODE_EXPORTER, DATABASE_EXPORTER, CACHE_EXPORTER = 9100, 9104, 9121
"""DevOps manual, "Prometheus Configuration"."""
APPLICATION_PORT = 80
PROMETHEUS, ALERTMANAGER, BLACKBOX = "localhost:9091", "localhost:9093", "localhost:9115"
"""Nginx uses the manual's port, and forwards what is not for Grafana to Prometheus."""
MANAGED = "https://aps-workspaces."
"""Workspaces of Amazon Managed Prometheus, which require signed requests."""


def configuration(watch: Watch) -> dict[str, Any]:
    """The content of prometheus.yml."""
    return {
        "global": {
            "scrape_interval": SCRAPE_INTERVAL,
            "evaluation_interval": SCRAPE_INTERVAL,
            "external_labels": {"environment": watch.environment, "region": watch.region},
        },
        "rule_files": ["/etc/prometheus/rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [ALERTMANAGER]}]}]},
        "scrape_configs": list(_jobs(watch)),
        **_remote_write(watch),
    }


def modules() -> dict[str, Any]:
    """The content of blackbox.yml."""
    return {
        "modules": {
            "serves": _module([200]),
            # A load balancer without hosts answers 503; Cloudflare answers 52x if it cannot reach the origin.
            "stands-by": _module([200, 503]),
            # Everything except server errors: without a key an API refuses.
            "answers": _module([200, 204, 301, 302, 307, 308, 400, 401, 403, 404, 405, 429]),
        }
    }


def _module(codes: Sequence[int]) -> dict[str, Any]:
    http = {"valid_status_codes": list(codes), "fail_if_not_ssl": True, "preferred_ip_protocol": "ip4"}
    return {"prober": "http", "timeout": "10s", "http": {**http, "follow_redirects": False}}


def _jobs(watch: Watch) -> Iterator[dict[str, Any]]:
    yield _hosts(Job.HOSTS, watch, NODE_EXPORTER, {})
    yield {
        **_hosts(Job.APPLICATION, watch, APPLICATION_PORT, {"Component": list(watch.web_groups)}),
        "metrics_path": watch.metrics_path,
    }
    if watch.database:
        yield _fixed(Job.DATABASE, [f"localhost:{DATABASE_EXPORTER}"])
    if watch.cache:
        yield _fixed(Job.CACHE, [f"localhost:{CACHE_EXPORTER}"])
    if watch.other_region:
        module = "serves" if watch.other_region_serves else "stands-by"
        yield _probed(Job.OTHER_REGION, module, [watch.other_region])
    yield _probed(Job.EDGE, "serves", watch.public_urls)
    yield _probed(Job.DEPENDENCIES, "answers", list(watch.dependencies.values()))
    yield _fixed("prometheus", [PROMETHEUS])
    yield _fixed("alertmanager", [ALERTMANAGER])
    yield _fixed("blackbox", [BLACKBOX])


def _hosts(job: str, watch: Watch, port: int, tags: Mapping[str, list[str]]) -> dict[str, Any]:
    """The running instances of the stack that have these tags, found through EC2 with the host's own role."""
    wanted = {**{name: [value] for name, value in watch.host_tags.items()}, **tags}
    filters = [{"name": f"tag:{name}", "values": values} for name, values in wanted.items()]
    filters.append({"name": "instance-state-name", "values": ["running"]})
    return {
        "job_name": str(job),
        "ec2_sd_configs": [{"region": watch.region, "port": port, "filters": filters}],
        "relabel_configs": [
            {"source_labels": ["__meta_ec2_instance_id"], "target_label": "instance"},
            {"source_labels": ["__meta_ec2_tag_Component"], "target_label": "group"},
        ],
    }


def _fixed(job: str, targets: Sequence[str]) -> dict[str, Any]:
    return {"job_name": str(job), "static_configs": [{"targets": list(targets)}]}


def _probed(job: str, module: str, urls: Sequence[str]) -> dict[str, Any]:
    """URLs that the blackbox exporter probes (its README, "Prometheus Configuration")."""
    return {
        **_fixed(job, urls),
        "metrics_path": "/probe",
        "params": {"module": [module]},
        "scrape_interval": PROBE_INTERVAL,
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": BLACKBOX},
        ],
    }


def _remote_write(watch: Watch) -> dict[str, Any]:
    url = watch.remote_write_url
    if url is None:
        return {}
    signed = {"sigv4": {"region": watch.region}} if url.startswith(MANAGED) else {}
    return {"remote_write": [{"url": url, **signed}]}
