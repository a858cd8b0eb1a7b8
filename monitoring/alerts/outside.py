"""Alerts on what each region sees from outside: the other region, the edge, and services of others."""

from monitoring.alerts.alert import Alert, Job, Level

PROBES = "|".join((Job.OTHER_REGION, Job.EDGE, Job.DEPENDENCIES))

OUTSIDE = (
    Alert(
        role="other-region-down",
        page="region-lost",
        critical=Level(threshold=1, minutes=3),
        below=True,
        query=f'probe_success{{job="{Job.OTHER_REGION}"}}',
        why="The other region does not answer under its own name: a failover may be due.",
        source="our choice: Cloudflare's own check must fail three times a minute apart too",
    ),
    Alert(
        role="edge-down",
        page="edge-down",
        critical=Level(threshold=1, minutes=3),
        below=True,
        query=f'probe_success{{job="{Job.EDGE}"}}',
        why="A public name does not answer as visitors ask for it.",
        source="our choice: as for the other region",
    ),
    Alert(
        role="dependency-down",
        page="dependency-down",
        warning=Level(threshold=1, minutes=10),
        below=True,
        query=f'probe_success{{job="{Job.DEPENDENCIES}"}}',
        why="Cal.com or Retell.ai does not answer: appointments or calls fail, and their jobs wait in the queues.",
        source="our choice: shorter outages are bridged by the queues",
    ),
    Alert(
        role="public-certificate",
        page="certificate",
        warning=Level(threshold=21, minutes=15),
        critical=Level(threshold=7, minutes=15),
        below=True,
        query=f'(probe_ssl_earliest_cert_expiry{{job=~"{PROBES}"}} - time()) / 86400',
        why="A certificate that is seen from outside ends in so many days, and was not renewed.",
        source="devops: certificates renew themselves; our choice: 21 and 7 days; the minutes, as for the queues",
    ),
)
