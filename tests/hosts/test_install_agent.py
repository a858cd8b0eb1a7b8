"""The CloudWatch agent is installed only with AWS's signature."""

import shutil
import subprocess
from pathlib import Path

import pytest
from programs import REGION, program


class Keys:
    """An OpenPGP key of its own, and what it signs."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self._gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--yes", "--passphrase", ""]
        self._run("--quick-generate-key", "test", "rsa2048", "sign", "never")
        listed = self._run("--with-colons", "--list-keys").decode()
        self.fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def public(self, *, armored: bool) -> bytes:
        return self._run(*(["--armor"] if armored else []), "--export")

    def sign(self, file: Path) -> None:
        self._run("--detach-sign", "--output", f"{file}.sig", str(file))

    def _run(self, *arguments: str) -> bytes:
        return subprocess.run([*self._gpg, *arguments], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Keys]:
    missing = [name for name in ("gpg", "gpgv") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"signatures need {', '.join(missing)}: apt-get install gpg gpgv")
    return {name: Keys(tmp_path_factory.mktemp("gpg") / name) for name in ("of AWS", "another")}


@pytest.fixture
def download(tmp_path: Path, keys: dict[str, Keys]) -> Path:
    """A package that the key of AWS signed."""
    file = tmp_path / "agent.deb"
    file.write_bytes(b"the agent")
    keys["of AWS"].sign(file)
    return file


def verify(download: Path, key: Keys, folder: Path, fingerprint: str, *, armored: bool = True) -> Path:
    folder.mkdir()
    ring = folder / "key"
    ring.write_bytes(key.public(armored=armored))
    found: Path = program("install_agent").verified(download.as_uri(), ring.as_uri(), folder, fingerprint)
    return found


@pytest.mark.parametrize("armored", [True, False])
def test_an_agent_that_aws_signed_is_installed(
    download: Path, keys: dict[str, Keys], tmp_path: Path, armored: bool
) -> None:
    aws = keys["of AWS"]
    file = verify(download, aws, tmp_path / "here", aws.fingerprint, armored=armored)
    assert file.read_bytes() == b"the agent"


def test_an_agent_that_was_changed_is_not_installed(download: Path, keys: dict[str, Keys], tmp_path: Path) -> None:
    download.write_bytes(b"another agent")
    with pytest.raises(subprocess.CalledProcessError):
        verify(download, keys["of AWS"], tmp_path / "here", keys["of AWS"].fingerprint)


def test_an_agent_that_comes_with_a_key_of_its_own_is_not_installed(
    download: Path, keys: dict[str, Keys], tmp_path: Path
) -> None:
    Path(f"{download}.sig").unlink()
    keys["another"].sign(download)
    with pytest.raises(ValueError, match=f"signed by {keys['another'].fingerprint}, not by"):
        verify(download, keys["another"], tmp_path / "here", keys["of AWS"].fingerprint)


def test_the_agent_is_that_of_the_region_and_the_distribution() -> None:
    assert program("install_agent").package(REGION, "ubuntu", "arm64") == (
        f"https://s3.{REGION}.amazonaws.com/amazoncloudwatch-agent-{REGION}/ubuntu/arm64/latest/amazon-cloudwatch-agent.deb"
    )
