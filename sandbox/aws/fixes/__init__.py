"""What moto gets wrong for this platform's resources: a module a service, a function a fix, each with its reason."""

import importlib
import pkgutil


def apply() -> None:
    """Teach moto all fixes; a second call changes nothing."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
