"""The configuration bundle of a role: its rendered files and the script that applies them, in one archive."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from hosts.contents import contents
from hosts.roles import HostRole
from hosts.values import HostValues

HOSTS = Path(__file__).parent
APPLY = "apply"
"""The script in the archive, which runs as root from the unpacked folder."""
FILES = "files"
"""The folder in the archive that mirrors the host's root."""
LITERAL_SUFFIXES = (".py",)
"""Programs are not templates: they read what they need from the host's environment."""
TEMPLATES = Environment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """`sha256` is the archive's before compression, because the output of zlib depends on its version: the same files
    have the same address on every machine."""

    role: str
    sha256: str
    compressed: bytes

    @property
    def key(self) -> str:
        """The key of the bundle's object."""
        return f"bundles/{self.role}/{self.sha256}.tar.gz"


def bundle(role: HostRole, values: HostValues) -> Bundle:
    """The bundle of `role`. Raises jinja2.UndefinedError if a template uses an unknown value."""
    archive = _archive(rendered(role, values))
    digest = hashlib.sha256(archive).hexdigest()
    return Bundle(role=role.name, sha256=digest, compressed=gzip.compress(archive, mtime=0))


def rendered(role: HostRole, values: HostValues) -> dict[str, str]:
    """Every file of the archive, by its path. A role's file replaces a common one."""
    context = {**asdict(values), "role": role.name, "contents": contents(role, values.php_version)}
    files = {APPLY: _render((HOSTS / "apply.sh").read_text(), context)}
    files |= {f"{FILES}{path}": text for path, text in values.made.items()}
    for folder in (HOSTS / "common", HOSTS / role.name):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                text = path.read_text()
                place = _render(path.relative_to(folder).as_posix(), context)
                files[f"{FILES}/{place}"] = text if path.suffix in LITERAL_SUFFIXES else _render(text, context)
    return files


def _render(text: str, context: Mapping[str, object]) -> str:
    return _template(text).render(context)


@cache
def _template(text: str) -> Template:
    """Compiled once, although every role has the common files: compilation takes four fifths of a bundle's time."""
    return TEMPLATES.from_string(text)


def _archive(files: dict[str, str]) -> bytes:
    """A tar archive that depends only on `files`: no time, no owner, one order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, text in sorted(files.items()):
            content = text.encode()
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755 if text.startswith("#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
