"""Fixes of moto for this platform's resources: one module per service, one function per fix, each with its reason."""

import importlib
import pkgutil


def apply() -> None:
    """Apply all fixes; a second call changes nothing."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
