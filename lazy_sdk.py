"""An SDK of which only the modules that a program asks for are imported.

A cloud's package, or a part of it, imports all of its modules at once, where a program wants a few. `pulumi_cloudflare`
has 800 in one part: to import them takes longer than the rest of a flip.
"""

import importlib
import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

INPUT_TYPES = "_inputs"
WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def _snake(name: str) -> str:
    return WORD_START.sub("_", name).lower()


class _Package(ModuleType):
    """The package without what its own `__init__` does, as long as every name is found in the module named after it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name}")
        snake = _snake(name)
        for module in dict.fromkeys(
            (name, snake, snake.removesuffix("_args"), snake.removesuffix("_output"), INPUT_TYPES)
        ):
            found = self._imported(module)
            value = found if isinstance(found, _Package) else getattr(found, name, found if module == name else None)
            if value is not None:
                # Over the module itself, which Python puts here: a function may have the name of its module.
                setattr(self, name, value)
                return value
        self.__class__ = ModuleType  # type: ignore[assignment] from here on it is the package as everybody knows it
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)

    def _imported(self, module: str) -> ModuleType | None:
        full_name = f"{self.__name__}.{module}"
        import_lazily(full_name)
        try:
            return importlib.import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
            return None


def import_lazily(package: str) -> None:
    """Let a later `import` of the package import nothing but what is then asked of it; so too the packages in it.

    Nothing changes for a package that is imported already, or that is not installed.
    """
    spec = importlib.util.find_spec(package) if package not in sys.modules else None
    if spec is not None and spec.submodule_search_locations is not None:
        module = _Package(package)
        module.__spec__ = spec
        module.__file__ = spec.origin
        module.__path__ = list(spec.submodule_search_locations)
        sys.modules[package] = module
