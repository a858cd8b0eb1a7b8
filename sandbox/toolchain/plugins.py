"""The replacements as the engine finds them: small scripts beside it, and resource plugins installed like any other
(standard library only)."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from sandbox.project.paths import Paths, write_program
from sandbox.toolchain.provider import find_provider
from sandbox.toolchain.steps import Step, run_step


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A resource plugin: its name, the package of its Pulumi SDK, and the Terraform provider that its replacement runs,
    or None."""

    name: str
    sdk: str
    terraform_source: str | None

    def version(self, paths: Paths) -> str:
        """The version of the SDK in the virtual environment: the engine requires the plugin of exactly that version."""
        folder = next(paths.venv.glob(f"lib/python*/site-packages/{self.sdk}-*.dist-info"))
        return folder.name.removesuffix(".dist-info").rpartition("-")[2]


PLUGINS = (
    Plugin(name="aws", sdk="pulumi_aws", terraform_source="hashicorp/aws"),
    Plugin(name="cloudflare", sdk="pulumi_cloudflare", terraform_source=None),
)

BESIDE_ENGINE = {
    "pulumi-language-python": "-P -m sandbox.plugins.language_host",
    "pulumi-analyzer-policy-python": "-u -m pulumi.policy",
}


def install_plugins(paths: Paths) -> None:
    """Write the replacements beside the built engine and install the resource plugins with it."""
    for name, arguments in BESIDE_ENGINE.items():
        write_program(paths.engine / name, _script(paths, arguments, {}))
    for plugin in PLUGINS:
        script = _script(paths, f"-P -m sandbox.plugins.{plugin.name}", _variables(paths, plugin))
        installed = paths.pulumi_home / "plugins" / f"resource-{plugin.name}-v{plugin.version(paths)}"

        def install(step: Step, plugin: Plugin = plugin, script: str = script) -> None:
            source = paths.plugin_sources / plugin.name
            write_program(source / f"pulumi-resource-{plugin.name}", script)
            version = f"v{plugin.version(paths)}"
            command = [paths.engine / "pulumi", "plugin", "install", "resource", plugin.name, version]
            step.command(
                [*command, "--file", source, "--reinstall"],
                environment={**os.environ, "PULUMI_HOME": str(paths.pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
                seconds=60,
            )

        run_step(
            paths, f"plugin {plugin.name}", inputs=[script, plugin.version(paths)], outputs=[installed], action=install
        )


def _variables(paths: Paths, plugin: Plugin) -> dict[str, Path]:
    """The inputs of the replacement: the bridge, and the Terraform provider under its plain name, because the bridge
    names types after its file."""
    if plugin.terraform_source is None:
        return {}
    found = find_provider(plugin.terraform_source)
    link = paths.engine / f"terraform-provider-{plugin.name}"
    if not link.exists() or link.resolve() != found.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(found)
    return {"SANDBOX_BRIDGE": paths.bridge, "SANDBOX_TERRAFORM_PROVIDER": link}


def _script(paths: Paths, arguments: str, variables: dict[str, Path]) -> str:
    """A script that runs a module of the sandbox in its virtual environment."""
    exports = {"PYTHONPATH": paths.checkout, **variables} if "sandbox." in arguments else variables
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in exports.items()]
    # Without stored bytecode, every run compiles the program again, which takes half a second.
    lines.append("unset PYTHONDONTWRITEBYTECODE")
    return "\n".join(["#!/bin/sh", *lines, f'exec {shlex.quote(str(paths.python))} {arguments} "$@"', ""])
