"""The Terraform provider that the bridge runs, found in a filesystem mirror on this machine (standard library only)."""

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.toolchain.steps import SandboxError

REGISTRY = "registry.terraform.io"
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_provider(source: str) -> Path:
    """The newest binary of a provider such as `hashicorp/aws` for this machine.

    Raises SandboxError naming every searched folder.
    """
    places = list(dict.fromkeys(_mirrors()))
    system = f"{platform.system().lower()}_{MACHINES.get(platform.machine(), platform.machine())}"
    name = source.rpartition("/")[2]
    found = [
        binary
        for place in places
        for binary in place.glob(f"{REGISTRY}/{source}/*/{system}/terraform-provider-{name}*")
        if os.access(binary, os.X_OK)
    ]
    if found:
        return max(found, key=lambda binary: _version(binary.parent.parent.name))
    looked = "\n".join(f"  {place}" for place in places)
    raise SandboxError(
        f"no Terraform provider {source} for {system} on this machine; looked for "
        f"{REGISTRY}/{source}/<version>/{system}/ in:\n{looked}\n"
        f"Put it into one of them, for example with `terraform providers mirror`."
    )


def _mirrors() -> Iterator[Path]:
    """The folders that Terraform itself searches, then those of machine images."""
    home = Path.home()
    configured = [os.environ.get("TF_CLI_CONFIG_FILE"), str(home / ".terraformrc")]
    for file in (Path(name) for name in configured if name):
        if file.is_file():
            yield from (Path(match) for match in re.findall(r'\bpath\s*=\s*"([^"]+)"', file.read_text()))
    yield home / ".terraform.d" / "plugins"
    data = [os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")]
    data += (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    yield from (Path(folder) / "terraform" / "plugins" for folder in data)
    for parent in (Path("/opt"), Path("/usr/share"), Path("/usr/local/share")):
        if parent.is_dir():
            yield from (folder.parent for folder in sorted(parent.glob(f"*/{REGISTRY}")))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))
