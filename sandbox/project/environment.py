"""The environment in which Pulumi, the AWS CLI and boto3 see the sandbox and nothing else."""

import os
from collections.abc import Mapping

from sandbox.project import project
from sandbox.project.paths import HOME_VARIABLE, Paths

PARALLEL_OPERATIONS = 64
OWNED_PREFIXES = ("ASKPROAI_", "AWS_", "CLOUDFLARE_", "PULUMI_")
KEPT = ("AWS_CA_BUNDLE", "PULUMI_EXPERIMENTAL", "PULUMI_SKIP_CHECKPOINTS")
MARK = "ASKPROAI_SANDBOX_SHELL"


def variables(paths: Paths, urls: Mapping[str, str]) -> dict[str, str]:
    """The variables that the sandbox sets; `urls` are the addresses of its servers, by name."""
    present = project.stacks(paths)
    region = str(project.setting(paths, present[0], "region") or "") if present else ""
    inherited = os.environ.get("PATH", os.defpath).split(os.pathsep)
    own = [str(paths.bin), str(paths.venv / "bin")]
    return {
        MARK: "1",
        HOME_VARIABLE: str(paths.home),
        "PATH": os.pathsep.join([*own, *(folder for folder in inherited if folder not in own)]),
        "VIRTUAL_ENV": str(paths.venv),
        "PULUMI_HOME": str(paths.pulumi_home),
        # Without it the engine writes a file of attributes beside each of its files, in place: if it is killed there,
        # it leaves an empty one, and the state cannot be read.
        "PULUMI_BACKEND_URL": f"{paths.state.as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PARALLEL": str(PARALLEL_OPERATIONS),
        # Engine and plugins run for seconds, so they collect garbage only near the memory limit. On a busy machine a
        # preview of prod took 27 CPU seconds with this, and 31 with GOGC=200.
        "GOGC": "off",
        "GOMEMLIMIT": "512MiB",
        # A missing plugin is an immediate error, not a download that hangs.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # The operators' commands work on the overlay, so that no committed file changes.
        "ASKPROAI_PROJECT": str(paths.project),
        **{name: value for name, value in _addresses(urls).items() if value},
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # For boto3 and the AWS CLI; the Terraform provider does not read it and has its own setting.
        "AWS_MAX_ATTEMPTS": "3",
        # A profile on this machine may name real endpoints or credentials.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _no_proxy(os.environ),
    }


def dropped(paths: Paths, urls: Mapping[str, str]) -> list[str]:
    """Variables of the caller that would point Pulumi, an operators' command or a cloud client elsewhere."""
    ours = variables(paths, urls)
    return [name for name in os.environ if name.startswith(OWNED_PREFIXES) and name not in ours and name not in KEPT]


def environment(paths: Paths, urls: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, with the sandbox's variables."""
    gone = set(dropped(paths, urls)) | {"PYTHONHOME"}
    return {name: value for name, value in os.environ.items() if name not in gone} | variables(paths, urls)


def _addresses(urls: Mapping[str, str]) -> dict[str, str]:
    """The addresses for clients of the clouds and of the platform, by the variable that each reads."""
    aws, application, cloudflare = (urls.get(name, "") for name in ("aws", "application", "cloudflare"))
    return {
        "AWS_ENDPOINT_URL": aws,
        "ASKPROAI_APPLICATION_URL": application,
        # The edge: it serves whatever host the Host header names.
        "ASKPROAI_EDGE_URL": cloudflare,
        "CLOUDFLARE_BASE_URL": f"{cloudflare}/client/v4" if cloudflare else "",
    }


def _no_proxy(inherited: Mapping[str, str]) -> str:
    given = [host for host in inherited.get("NO_PROXY", "").split(",") if host]
    return ",".join(dict.fromkeys([*given, "127.0.0.1", "localhost"]))
