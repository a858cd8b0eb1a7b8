"""Install the CloudWatch agent, which no package archive has, if the image lacks it; then start it."""

import base64
import os
import platform
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

CONTROL = Path("/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl")
CONFIGURATION = "/etc/askproai/cloudwatch-agent.json"
KEY = "https://s3.amazonaws.com/amazoncloudwatch-agent/assets/amazon-cloudwatch-agent.gpg"
FINGERPRINT = "937616F3450B7D806CBD9725D58167303B789C72"
"""AWS's key (CloudWatch User Guide, "Verifying the signature of the CloudWatch agent package"): whichever key is
downloaded, a package without its signature is not installed."""
TIMEOUT_SECONDS = 60


def package(region: str, distribution: str, architecture: str) -> str:
    """The address of the package, in the region's own bucket (the same page, "download link")."""
    bucket = f"https://s3.{region}.amazonaws.com/amazoncloudwatch-agent-{region}"
    return f"{bucket}/{distribution}/{architecture}/latest/amazon-cloudwatch-agent.deb"


def binary(key: bytes) -> bytes:
    """An OpenPGP key in the form that gpgv requires: without its armor (RFC 9580, section 6)."""
    if not key.startswith(b"-----BEGIN"):
        return key
    block = key.replace(b"\r", b"").partition(b"\n\n")[2].partition(b"-----END")[0]
    lines = [line for line in block.split() if not line.startswith(b"=")]
    return base64.b64decode(b"".join(lines))


def signer(file: Path, signature: Path, key: Path) -> str:
    """The fingerprint of the key that signed the file. Raises CalledProcessError if `key` did not."""
    command = ["gpgv", "--status-fd=1", f"--keyring={key}", str(signature), str(file)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # GnuPG, doc/DETAILS: the last word is the fingerprint of the primary key.
    [valid] = [line for line in told.splitlines() if line.startswith("[GNUPG:] VALIDSIG ")]
    return valid.split()[-1]


def verified(address: str, key: str, folder: Path, fingerprint: str = FINGERPRINT) -> Path:
    """Download the package to `folder`. Raises ValueError if the key of this fingerprint did not sign it."""
    file, signature, ring = (folder / name for name in ("agent.deb", "agent.sig", "key.gpg"))
    for source, target in ((address, file), (f"{address}.sig", signature), (key, ring)):
        with urllib.request.urlopen(source, timeout=TIMEOUT_SECONDS) as answer:
            target.write_bytes(answer.read())
    ring.write_bytes(binary(ring.read_bytes()))
    found = signer(file, signature, ring)
    if found != fingerprint:
        raise ValueError(f"{address} is signed by {found}, not by {fingerprint}")
    return file


def install(region: str) -> None:
    """Install the agent's newest package for this machine."""
    command = ["dpkg", "--print-architecture"]
    architecture = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    address = package(region, platform.freedesktop_os_release()["ID"], architecture)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg", "--install", str(verified(address, KEY, Path(folder)))], check=True)


if __name__ == "__main__":
    if not CONTROL.exists():
        try:
            install(os.environ["AWS_DEFAULT_REGION"])
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            sys.exit(f"the CloudWatch agent is not installed: {error}")
    started = ["/bin/sh", str(CONTROL), "-a", "fetch-config", "-m", "ec2", "-s", "-c", f"file:{CONFIGURATION}"]
    subprocess.run(started, check=True)
