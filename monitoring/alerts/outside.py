"""Alerts on what each region probes from outside: the other region, the edge, and third-party services."""

from monitoring.alerts.alert import Alert, Job, Level

PROBES = "|".join((Job.OTHER_REGION, Job.EDGE, Job.DEPENDENCIES))

OUTSIDE = (
    Alert(
        role="other-region-down",
        page="region-lost",
        critical=Level(threshold=1, minutes=3),
        below=True,
        query=f'probe_success{{job="{Job.OTHER_REGION}"}}',
        why="The other region does not answer at its own host name: a failover may be necessary.",
        source="our choice: as for Cloudflare's own check, which must fail three times, a minute apart",
    ),
    Alert(
        role="edge-down",
        page="edge-down",
        critical=Level(threshold=1, minutes=3),
        below=True,
        query=f'probe_success{{job="{Job.EDGE}"}}',
        why="A public host name does not answer through Cloudflare, as visitors reach it.",
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
        why="A certificate of a public host name expires soon (days left) and was not renewed.",
        source="devops: certificates renew themselves; our choice: 21 and 7 days; the minutes, as for the queues",
    ),
)
