"""The toolchain: versions agree with the Go modules, and the Terraform provider is found where Terraform looks."""

import os
import platform
import re
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.project.paths import Paths, write_program
from sandbox.toolchain import official, provider
from sandbox.toolchain.build import MODULES, PROGRAMS, Program
from sandbox.toolchain.steps import SandboxError

LESS_THAN_IT_HANGS_SECONDS = 90
SYSTEM = f"{platform.system().lower()}_{provider.MACHINES.get(platform.machine(), platform.machine())}"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.module)
def test_the_version_a_program_tells_is_the_one_its_module_requires(program: Program) -> None:
    required = re.search(r"^require (\S+) v(\S+)$", (MODULES / program.module / "go.mod").read_text(), re.MULTILINE)
    assert required is not None
    assert required[2] == program.version.removeprefix("v")
    assert program.package.startswith(f"{required[1]}/")
    assert f'import _ "{program.package}"' in (MODULES / program.module / "tools.go").read_text()


def mirror(folder: Path, *versions: str) -> None:
    """A filesystem mirror with versions of the AWS provider."""
    for version in versions:
        write_program(
            folder / provider.REGISTRY / "hashicorp/aws" / version / SYSTEM / f"terraform-provider-aws_v{version}", ""
        )


def test_the_newest_provider_of_a_mirror_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror(tmp_path / "mirror", "998.9.0", "999.10.0", "999.9.0")
    configuration = tmp_path / "terraformrc"
    configuration.write_text(f'provider_installation {{\n filesystem_mirror {{ path = "{tmp_path}/mirror" }}\n}}')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    assert provider.find_provider("hashicorp/aws").parent.parent.name == "999.10.0"


def test_a_missing_provider_is_an_error_that_names_the_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with pytest.raises(SandboxError, match=r"(?s)hashicorp/none.*" + str(tmp_path / "data/terraform/plugins")):
        provider.find_provider("hashicorp/none")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A sandbox on a machine whose `pulumi` is the script that a test writes."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(official, "VERSION_SECONDS", LESS_THAN_IT_HANGS_SECONDS)
    return Paths(tmp_path, tmp_path / "home")


def pulumi(paths: Paths, script: str) -> None:
    write_program(paths.checkout / "bin" / "pulumi", f"#!/bin/sh\n{script}\n")


def test_an_engine_that_answers_is_found(paths: Paths) -> None:
    pulumi(paths, "echo v3")
    assert official.official_engine(paths) == paths.checkout / "bin" / "pulumi"


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 120"])
def test_an_engine_that_fails_or_hangs_is_not_used(paths: Paths, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    if script != "exit 1":
        monkeypatch.setattr(official, "VERSION_SECONDS", 0.5)
    pulumi(paths, script)
    assert official.official_engine(paths) is None


def test_the_sandbox_s_own_wrapper_is_not_an_official_engine(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(paths.wrapper, "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{paths.bin}{os.pathsep}/usr/bin")
    assert official.official_engine(paths) is None


def test_a_plugin_that_does_not_arrive_is_given_up(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "FIRST_BYTE_SECONDS", 0.5)
    pulumi(paths, "exec sleep 120")
    started = time.monotonic()
    assert not official._install(paths.checkout / "bin" / "pulumi", "aws", "1.0.0", paths)
    assert time.monotonic() - started < LESS_THAN_IT_HANGS_SECONDS


class Download:
    """A process that writes as time passes, which it does while it is waited for, and ends well."""

    returncode = 0

    def __init__(self, folder: Path, begins: float, ends: float) -> None:
        self.folder, self.begins, self.ends, self.now = folder, begins, ends, 0.0

    def poll(self) -> int | None:
        return 0 if self.now >= self.ends else None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.begins:
            (self.folder / "part").write_text("a")


@pytest.mark.parametrize(
    ("begins", "ends", "taken"),
    [
        (official.FIRST_BYTE_SECONDS - 1, official.FIRST_BYTE_SECONDS + 1, True),
        (official.FIRST_BYTE_SECONDS + 1, official.FIRST_BYTE_SECONDS + 2, False),
        (1, official.SILENCE_SECONDS + 2, False),
    ],
)
def test_a_plugin_that_arrives_slowly_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: float, ends: float, taken: bool
) -> None:
    download: Any = Download(tmp_path, begins, ends)
    monkeypatch.setattr(official, "time", download)
    assert official._wait_while_busy(download, (tmp_path,)) is taken
