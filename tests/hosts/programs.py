"""The programs that run on hosts, as modules."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from stack_files import ROOT

PROGRAMS = {path.stem: path for path in (ROOT / "hosts").rglob("usr/local/lib/askproai/*.py")}
REGION = "us-east-1"


def program(name: str) -> ModuleType:
    """A program by its name, freshly loaded."""
    spec = spec_from_file_location(name, PROGRAMS[name])
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
