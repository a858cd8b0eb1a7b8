"""The typed settings of a stack, and the only reader of `pulumi.Config`."""

from settings.account import AccessRolesSettings, AccountSettings, CostSettings
from settings.cache import CacheSettings
from settings.database import DatabaseSettings
from settings.edge import (
    AccessSettings,
    EdgeSettings,
    FirewallSettings,
    HealthCheckSettings,
    RateLimit,
    TlsSettings,
)
from settings.edge_secrets import EdgeSecrets, load_edge_secrets
from settings.hosts import ApplicationHostSettings, Capacity, HostSettings
from settings.judge import StackSettings
from settings.load import load, read
from settings.logs import LogArchiveSettings, LogsSettings
from settings.mail import MailSettings
from settings.model import Settings
from settings.monitoring import MonitoringSettings
from settings.network import NetworkSettings, Tier
from settings.offsite import OffsiteSettings
from settings.problems import ConfigurationError
from settings.recovery import RecoverySettings
from settings.retention import KeysSettings, SecretsSettings, StorageSettings
from settings.secrets import StackSecrets, load_secrets
from settings.vpn import VpnSettings
from settings.web import ColorSettings, WebSettings
from settings.webhooks import WebhookSettings
from settings.workers import QueueSettings, WorkersSettings

__all__ = [
    "AccessRolesSettings",
    "AccessSettings",
    "AccountSettings",
    "ApplicationHostSettings",
    "CacheSettings",
    "Capacity",
    "ColorSettings",
    "ConfigurationError",
    "CostSettings",
    "DatabaseSettings",
    "EdgeSecrets",
    "EdgeSettings",
    "FirewallSettings",
    "HealthCheckSettings",
    "HostSettings",
    "KeysSettings",
    "LogArchiveSettings",
    "LogsSettings",
    "MailSettings",
    "MonitoringSettings",
    "NetworkSettings",
    "OffsiteSettings",
    "QueueSettings",
    "RateLimit",
    "RecoverySettings",
    "SecretsSettings",
    "Settings",
    "StackSecrets",
    "StackSettings",
    "StorageSettings",
    "Tier",
    "TlsSettings",
    "VpnSettings",
    "WebSettings",
    "WebhookSettings",
    "WorkersSettings",
    "load",
    "load_edge_secrets",
    "load_secrets",
    "read",
]
