"""The paths of everything that the sandbox makes (standard library only)."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "ASKPROAI_SANDBOX"
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Paths:
    """The folders and files of one sandbox: `checkout` is the repository, `home` the folder of what is made."""

    checkout: Path
    home: Path

    @classmethod
    def of(cls, checkout: Path = CHECKOUT) -> "Paths":
        """The sandbox of a checkout: its `.sandbox` folder, or the folder that ASKPROAI_SANDBOX names."""
        given = os.environ.get(HOME_VARIABLE)
        return cls(checkout, Path(given).expanduser().resolve() if given else checkout / ".sandbox")

    @property
    def venv(self) -> Path:
        """The virtual environment of the program, the sandbox and the tests."""
        return self.home / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def bin(self) -> Path:
        """The first folder on the PATH of the sandbox's shell."""
        return self.home / "bin"

    @property
    def wrapper(self) -> Path:
        """The `pulumi` of the sandbox's shell: it runs the engine in the overlay."""
        return self.bin / "pulumi"

    @property
    def launcher(self) -> Path:
        """The `ops` of the sandbox's shell: the operators' commands, from any folder."""
        return self.bin / "ops"

    @property
    def engine(self) -> Path:
        """The engine, if it is built here, with the plugins in the same folder."""
        return self.home / "engine"

    @property
    def bridge(self) -> Path:
        """The dynamic Terraform bridge."""
        return self.engine / "pulumi-resource-terraform-provider"

    @property
    def actionlint(self) -> Path:
        """The linter of workflows, built here."""
        return self.home / "actionlint"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: installed plugins and the selected stack."""
        return self.home / "pulumi-home"

    @property
    def debian(self) -> Path:
        """The root file systems of booted instances."""
        return self.home / "debian"

    @property
    def instances(self) -> Path:
        """The writes of booted instances, in a folder for each process that boots some."""
        return self.home / "instances"

    @property
    def plugin_sources(self) -> Path:
        """The sandbox's resource plugins, as files for `pulumi plugin install --file`."""
        return self.home / "plugins"

    @property
    def state(self) -> Path:
        """The file backend with the stacks' state."""
        return self.home / "state"

    @property
    def lost_states(self) -> Path:
        """States of emulated clouds that have been stopped, kept for debugging."""
        return self.home / "lost-states"

    @property
    def project(self) -> Path:
        """The overlay: the project as the engine sees it in the sandbox."""
        return self.home / "project"

    @property
    def rendered(self) -> Path:
        """Copies of the committed files from which the overlay was last rendered."""
        return self.project / "made-from"

    @property
    def passphrase(self) -> Path:
        """The passphrase of the stacks' secrets."""
        return self.home / "passphrase"

    @property
    def secrets(self) -> Path:
        """The sandbox's own values of the platform's secrets."""
        return self.home / "secrets.json"

    @property
    def toolchain(self) -> Path:
        """Which engine the set-up chose."""
        return self.home / "toolchain.json"

    @property
    def run(self) -> Path:
        """A record of each running server, and of the clouds that the states describe."""
        return self.home / "run"

    @property
    def answers(self) -> Path:
        """The cached answers of the AWS plugin's bridge."""
        return self.home / "answers.sqlite"

    @property
    def logs(self) -> Path:
        """Logs of set-up steps and servers."""
        return self.home / "logs"

    @property
    def stamps(self) -> Path:
        """A stamp for each finished set-up step, with the hash of its inputs."""
        return self.home / "stamps"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(number)
    Path(name).write_text(text)
    Path(name).replace(path)


def write_program(path: Path, text: str) -> None:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
