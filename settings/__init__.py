"""The typed settings of a stack, and the only reader of `pulumi.Config`."""

from settings.cache import CacheSettings
from settings.database import DatabaseSettings
from settings.hosts import HostSettings
from settings.load import load
from settings.model import Settings
from settings.network import NetworkSettings, Tier
from settings.problems import ConfigurationError
from settings.retention import KeysSettings, SecretsSettings, StorageSettings
from settings.secrets import StackSecrets, load_secrets
from settings.web import ColorSettings, WebSettings
from settings.workers import QueueSettings, WorkersSettings

__all__ = [
    "CacheSettings",
    "ColorSettings",
    "ConfigurationError",
    "DatabaseSettings",
    "HostSettings",
    "KeysSettings",
    "NetworkSettings",
    "QueueSettings",
    "SecretsSettings",
    "Settings",
    "StackSecrets",
    "StorageSettings",
    "Tier",
    "WebSettings",
    "WorkersSettings",
    "load",
    "load_secrets",
]
