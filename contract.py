"""The application's contract with the platform: host names, health checks, metrics and canary.

The application keeps this contract in every region; edge, load balancer, operators' commands and sandbox rely on it.
"""

HEALTH_PATH = "/api/health"
"""Answers 200 when the application can serve (DevOps manual, "Health checks"). The response's JSON has `region`, the
AWS region that serves: commands and workers read from it which region visitors reach."""
HEALTH_CHECKS = ("", "/database", "/redis", "/queue")
"""The checks below HEALTH_PATH; the empty one is the path itself (DevOps manual, "Health checks")."""
METRICS_PATH = "/api/metrics"
"""What Prometheus scrapes; never public."""
CANARY_PATH = "/api/canary"
"""Accepts a numbered row by POST, and counts the rows by GET, with `up_to` only those up to that number, so that a loss
of data can be counted during further writes."""

APP_LABEL = "app"
PUBLIC_LABELS = ("", "www", "api", APP_LABEL)
"""The host names of the application; the empty one is the domain itself."""
GUARDED_LABELS = ("admin", "monitoring")
"""The host names behind a login at the edge."""
EDGE_LABELS = (*PUBLIC_LABELS, *GUARDED_LABELS)
EDGE_PHASES = (
    "http_custom_errors",
    "http_ratelimit",
    "http_request_cache_settings",
    "http_request_dynamic_redirect",
    "http_request_firewall_custom",
    "http_request_firewall_managed",
)
"""The Cloudflare phases in which the edge has rules: a zone has one ruleset per phase."""
ORIGIN_LABELS = "origin-*"
"""The host names of single regions, as a load balancer pattern."""


def origin(stack: str, domain: str) -> str:
    """The host name of one region, whether it is live or not, for health checks and gates."""
    return f"{ORIGIN_LABELS.removesuffix('*')}{stack}.{domain}"


def app(domain: str) -> str:
    """The host name by which visitors reach the application in the live region."""
    return f"{APP_LABEL}.{domain}"


def served_hosts(domain: str) -> list[str]:
    """The host names at which the application answers; www redirects to the domain."""
    return [f"{label}.{domain}" if label else domain for label in PUBLIC_LABELS if label != "www"]


def health_paths() -> list[str]:
    """The path of every health check."""
    return [f"{HEALTH_PATH}{check}" for check in HEALTH_CHECKS]


def public_urls(domain: str) -> list[str]:
    """The health check at every public name of the application, as visitors reach it."""
    return [f"https://{f'{label}.{domain}' if label else domain}{HEALTH_PATH}" for label in PUBLIC_LABELS]
