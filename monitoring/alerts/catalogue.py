"""All alerts, by area."""

from collections.abc import Mapping

from monitoring.alerts.alert import Alert
from monitoring.alerts.cache import CACHE
from monitoring.alerts.database import DATABASE
from monitoring.alerts.hosts import HOSTS
from monitoring.alerts.itself import ITSELF
from monitoring.alerts.logs import LOGS
from monitoring.alerts.network import NETWORK
from monitoring.alerts.outside import OUTSIDE
from monitoring.alerts.queues import QUEUES
from monitoring.alerts.recovery import RECOVERY
from monitoring.alerts.web import WEB

AREAS: Mapping[str, tuple[Alert, ...]] = {
    "web": WEB,
    "hosts": HOSTS,
    "queues": QUEUES,
    "database": DATABASE,
    "cache": CACHE,
    "network": NETWORK,
    "recovery": RECOVERY,
    "outside": OUTSIDE,
    "logs": LOGS,
    "monitoring": ITSELF,
}
ALERTS = tuple(alert for alerts in AREAS.values() for alert in alerts)
