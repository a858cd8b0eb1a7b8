"""Lazy import of an SDK: used names are available, and nothing else is imported."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

import lazy_sdk
from lazy_sdk import import_lazily

PACKAGE = "sdk_of_a_cloud"
FILES = {
    "__init__.py": "from ._inputs import *\nfrom .dns_record import *\nfrom .heavy import *\nANSWER = 42\n",
    "_utilities.py": "version = '1'\n",
    "_inputs.py": "from . import _utilities\nclass DnsRecordPartArgs:\n    pass\n",
    "dns_record.py": "from . import _utilities\nfrom ._inputs import *\nclass DnsRecord:\n    pass\n"
    "class DnsRecordArgs:\n    pass\n",
    "get_zone.py": "def get_zone():\n    return 'zone'\ndef get_zone_output():\n    return 'output'\n",
    "_enums.py": "class Color:\n    pass\n",
    "heavy.py": "class Elsewhere:\n    pass\n",
    "net/__init__.py": "from .net import *\nfrom .subnet import *\nfrom .tunnel import *\n",
    "net/net.py": "class Net:\n    pass\n",
    "net/subnet.py": "from .. import _utilities\nclass Subnet:\n    pass\n",
    "net/tunnel.py": "class Tunnel:\n    length: int\n    end: Unknown\n",
}


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package that imports all of its modules, as an SDK does."""
    (tmp_path / PACKAGE / "net").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / PACKAGE / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazy_sdk._FINDER, "roots", set())
    importlib.invalidate_caches()
    yield PACKAGE
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def imported() -> set[str]:
    """The modules of the SDK that were run, without packages."""
    return {
        name.removeprefix(f"{PACKAGE}.")
        for name, module in sys.modules.items()
        if name.startswith(f"{PACKAGE}.") and not hasattr(module, "__path__")
    }


def test_a_class_comes_from_the_module_that_is_named_after_it(sdk: str) -> None:
    import_lazily(sdk)

    assert importlib.import_module(sdk).DnsRecord.__module__ == f"{sdk}.dns_record"
    assert imported() == {"dns_record", "_inputs", "_utilities"}


def test_annotations_are_text_until_somebody_asks(sdk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    import_lazily(sdk)
    module = importlib.import_module(f"{sdk}.net.tunnel")

    assert module.Tunnel.__annotations__ == {"length": "int", "end": "Unknown"}
    with pytest.raises(NameError, match="Unknown"):
        get_type_hints(module.Tunnel)
    assert get_type_hints(module.Tunnel, localns={"Unknown": str}) == {"length": int, "end": str}
    names = {path.name for path in (Path(str(module.__file__)).parent / "__pycache__").glob("tunnel.*")}
    assert names == {f"tunnel.{sys.implementation.cache_tag}.annotations.pyc"}


def test_a_function_may_have_the_name_of_its_module(sdk: str) -> None:
    import_lazily(sdk)
    package = importlib.import_module(sdk)

    assert (package.get_zone(), package.get_zone_output(), package.get_zone()) == ("zone", "output", "zone")
    assert package.DnsRecordArgs.__module__ == f"{sdk}.dns_record"
    assert "heavy" not in imported()


def test_an_input_type_comes_from_the_module_that_has_them_all(sdk: str) -> None:
    import_lazily(sdk)

    assert importlib.import_module(sdk).DnsRecordPartArgs.__module__ == f"{sdk}._inputs"
    assert "heavy" not in imported()


def test_an_enumeration_comes_from_the_module_that_has_them_all(sdk: str) -> None:
    import_lazily(sdk)

    assert importlib.import_module(sdk).Color.__module__ == f"{sdk}._enums"
    assert "heavy" not in imported()


def test_a_package_in_it_is_imported_in_parts_too(sdk: str) -> None:
    import_lazily(sdk)
    package = importlib.import_module(sdk)

    assert package.net.Subnet.__module__ == f"{sdk}.net.subnet"
    assert importlib.import_module(f"{sdk}.net").Net is package.net.Net
    assert imported() == {"net.net", "net.subnet", "_utilities"}


def test_a_package_in_it_is_lazy_when_it_is_imported_by_its_own_name(sdk: str) -> None:
    import_lazily(sdk)

    assert importlib.import_module(f"{sdk}.net").Net.__module__ == f"{sdk}.net.net"
    assert imported() == {"net.net"}


def test_a_name_that_is_found_in_no_module_of_its_name_makes_it_the_package_that_it_is(sdk: str) -> None:
    import_lazily(sdk)
    package = importlib.import_module(sdk)
    before = package.DnsRecord

    assert package.ANSWER == 42
    assert package.Elsewhere.__module__ == f"{sdk}.heavy"
    assert package.DnsRecord is before


def test_a_name_that_nobody_has_is_missed_as_ever(sdk: str) -> None:
    import_lazily(sdk)

    with pytest.raises(AttributeError, match="Nothing"):
        _ = importlib.import_module(sdk).Nothing


def test_a_package_that_is_imported_already_is_an_error(sdk: str) -> None:
    importlib.import_module(sdk)

    with pytest.raises(ImportError, match=f"{sdk} is imported already"):
        import_lazily(sdk)


def test_making_an_sdk_lazy_twice_is_no_error_even_after_the_whole_package_was_loaded(sdk: str) -> None:
    import_lazily(sdk)
    package = importlib.import_module(sdk)
    import_lazily(sdk)
    assert package.ANSWER == 42
    import_lazily(sdk)

    assert importlib.import_module(sdk) is package


def test_a_package_that_is_not_there_is_missed_where_it_is_imported() -> None:
    import_lazily("no_such_sdk")

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_sdk")
