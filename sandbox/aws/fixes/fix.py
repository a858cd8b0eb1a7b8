"""How a fix replaces a function of moto, and can be disabled by a test."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass
class Fix:
    """One replaced function; while `enabled` is false, moto's own runs."""

    name: str
    reason: str
    enabled: bool = True


FIXES: dict[str, Fix] = {}


def replaces(owner: type | ModuleType, attribute: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace `owner.attribute` by the decorated function, whose docstring is the reason.

    It is called with moto's own function before the arguments. If moto has none, that one raises NotImplementedError,
    as moto does for an unknown operation.
    """

    def install(function: Callable[..., Any]) -> Callable[..., Any]:
        # Looked up without binding: a static method must stay one, and a property too.
        found = inspect.getattr_static(owner, attribute, None)
        stock = getattr(found, "__func__", None) or getattr(found, "fget", None) or found or _missing(attribute)
        name = f"{function.__module__.rpartition('.')[2]}.py:{function.__name__}"
        fix = FIXES[name] = Fix(name, inspect.getdoc(function) or "")

        @functools.wraps(stock)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(stock, *args, **kwargs) if fix.enabled else stock(*args, **kwargs)

        setattr(owner, attribute, _as_kind(found, call))
        return function

    return install


def _as_kind(found: object, call: Callable[..., Any]) -> object:
    """The function in the form of the attribute that it replaces."""
    if isinstance(found, staticmethod):
        return staticmethod(call)
    return property(call) if isinstance(found, property) else call


def _missing(operation: str) -> Callable[..., Any]:
    def unknown(*_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError(f"The {operation} action has not been implemented")

    return unknown
