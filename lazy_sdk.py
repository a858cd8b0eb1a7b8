"""Lazy import of the clouds' SDKs: a module is imported when a name in it is first used.

An SDK's `__init__`, and that of each service in it, imports all modules below it. To import a region takes 1.7 CPU
seconds with this file, which lets it import 82 modules of `pulumi_aws`, and 3.1 without it, which imports 805.

Imported modules keep their annotations as text. Nearly all of the SDKs' code is annotations, and the few that are
needed are evaluated then: the modules that prod uses are imported in 0.6 CPU seconds instead of 1.3.
"""

import __future__

import gc
import importlib
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from typing_extensions import override

SDKS = ("pulumi_aws", "pulumi_cloudflare")
VALUES = ("_inputs", "_enums")
"""Modules of a package with names that have no module of their own."""
WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class _Loaded(ModuleType):
    """A lazy package whose own `__init__` has run after all."""


class _Package(_Loaded):
    """A package whose `__init__` has not run, as long as every name is found in the module named after it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name}")
        snake = WORD_START.sub("_", name).lower()
        for module in dict.fromkeys((name, snake, snake.removesuffix("_args"), snake.removesuffix("_output"), *VALUES)):
            found = self._imported(module)
            value = found if isinstance(found, _Package) else getattr(found, name, found if module == name else None)
            if value is not None:
                # Replaces the module itself, which Python puts here: a function may have the name of its module.
                setattr(self, name, value)
                return value
        self.__class__ = _Loaded  # type: ignore[assignment] from here on it is an ordinary package
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)

    def _imported(self, module: str) -> ModuleType | None:
        full_name = f"{self.__name__}.{module}"
        try:
            return importlib.import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
            return None


class _ModuleLoader(SourceFileLoader):
    """The loader of a module: compiles it with annotations as text, and caches the code under a separate name."""

    @override
    def source_to_code(self, data: Any, path: Any, *, _optimization: int = -1) -> CodeType:  # type: ignore[bad-override] the stub lacks the parameter
        flags = __future__.annotations.compiler_flag
        return compile(data, path, "exec", flags=flags, dont_inherit=True, optimize=_optimization)

    @override
    def get_data(self, path: str) -> bytes:
        return super().get_data(_kept(path))

    @override
    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        super().set_data(_kept(path), data, _mode=_mode)


def _kept(path: str) -> str:
    return path.removesuffix(".pyc") + ".annotations.pyc" if path.endswith(".pyc") else path


class _PackageLoader(_ModuleLoader):
    """The loader of a lazy package: creates it without running its `__init__`."""

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    @override
    def exec_module(self, module: ModuleType) -> None:
        if not isinstance(module, _Package):
            super().exec_module(module)


class _Finder:
    """Finds the packages and modules of the SDKs, with their loaders."""

    def __init__(self) -> None:
        self.roots: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a package or module in one of the SDKs, None for anything else."""
        spec = PathFinder.find_spec(name, path, target) if name.partition(".")[0] in self.roots else None
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        loader = _ModuleLoader if spec.submodule_search_locations is None else _PackageLoader
        spec.loader = loader(name, spec.loader.path)
        return spec


_FINDER = _Finder()


def import_lazily(*packages: str) -> None:
    """Make later imports of the packages, and of packages inside them, import only the modules of used names.

    Raises ImportError for a package that is already imported, because then all of its modules are.
    """
    late = [name for name in packages if name in sys.modules and not isinstance(sys.modules[name], _Loaded)]
    if late:
        raise ImportError(f"{late[0]} is imported already: call import_lazily before anything imports it")
    _FINDER.roots.update(packages)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def start_quickly() -> None:
    """The program's first step: make the SDKs lazy, and turn garbage collection off.

    A program ends after some seconds, and most of its objects are the SDK's classes: a search for garbage among them
    takes 1.6 of 5.8 CPU seconds (prod, declared on the fake cloud of the unit tests).
    """
    import_lazily(*SDKS)
    gc.disable()
