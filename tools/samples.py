"""Sample changes of the platform, with the comment of `ops preview` on each: `make examples` writes docs/examples/."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from ops.core.stack_files import PROJECT_VARIABLE
from sandbox.project.environment import environment
from sandbox.project.paths import CHECKOUT, Paths
from sandbox.servers.processes import urls
from yaml_text import parse

EXAMPLES = CHECKOUT / "docs" / "examples"
SECONDS = 1800
GENERATED = re.compile(r"\b(vpc|subnet|sg|rtb|acl|nat|igw|eni|eipalloc|vpce|lt|mrk|key)-[0-9a-f-]{8,}\b")
"""Identifiers that the emulated clouds generate anew each time."""
HASHED = re.compile(r"\b[0-9a-f]{16,}\b")
PROGRAM = """
import runpy
import sys

import pulumi

CHECKOUT = {checkout!r}
CHANGES = {changes!r}


def changed(given):
    # A component may have the name of the resource in it.
    if given.name not in CHANGES or given.type_.startswith("askproai:"):
        return None
    exec(CHANGES[given.name], {{"props": given.props, "opts": given.opts}})
    return pulumi.ResourceTransformationResult(given.props, given.opts)


pulumi.runtime.register_stack_transformation(changed)
sys.path.insert(0, CHECKOUT)
sys.argv[0] = CHECKOUT + "/__main__.py"
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""The project's program, with resources changed as by a patch of their components."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A change: of settings in a stack's file, of keys removed from Pulumi.yaml, or of resources in the program.

    `resources` are statements that change `props` and `opts`, by the resource's logical name.
    """

    title: str
    stacks: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)


SAMPLES: Mapping[str, Sample] = {
    "database-resized": Sample(
        title="resize the database",
        stacks=("prod",),
        settings={"database.instance_class": "db.m6i.2xlarge"},
    ),
    "subnet-replaced": Sample(
        title="give a subnet another range, which only a replacement can do",
        stacks=("prod",),
        resources={
            "network-data-a": "props['cidr_block'] = '10.0.240.0/20'",
        },
    ),
    "port-opened": Sample(
        title="open SSH of the web servers to the world",
        stacks=("prod",),
        resources={
            "firewall-web": "props['ingress'] += [{'protocol': 'tcp', 'from_port': 22, 'to_port': 22, "
            "'cidr_blocks': ['0.0.0.0/0']}]",
        },
    ),
    "backup-rule-dropped": Sample(
        title="drop the daily rule of the backup plan",
        stacks=("prod",),
        resources={
            "backups-plan": "props['rules'] = props['rules'][1:]",
        },
    ),
    "prod-alone": Sample(
        title="keep old versions of objects for a shorter time, in prod alone",
        stacks=("prod", "dr"),
        settings={"storage.noncurrent_version_retention_days": "14"},
    ),
    "waf-limit": Sample(
        title="let the firewall allow a client twice the requests",
        stacks=("prod",),
        settings={"web.waf_requests_per_5_minutes": "4000"},
    ),
    "tag": Sample(
        title="give a queue another tag",
        stacks=("prod",),
        resources={
            "queues-high": "props['tags'] = {**(props.get('tags') or {}), 'Team': 'orders | <b>@all</b>'}",
        },
    ),
    "alert-threshold": Sample(
        title="raise the threshold of an alert",
        stacks=("prod",),
        resources={
            "alarms-hosts-cpu-web-blue-critical": "props['threshold'] = 95",
        },
    ),
    "queue-deleted": Sample(
        title="delete a queue",
        stacks=("prod",),
        without=("workers.queues.notifications",),
    ),
    "record-unproxied": Sample(
        title="send visitors of the application past Cloudflare",
        stacks=("edge",),
        resources={
            "dns-app": "props['proxied'] = False",
        },
    ),
    "secret-rotated": Sample(
        title="rotate the application's key",
        stacks=("prod",),
        secrets={"app_key": "base64:TmV3S2V5T2ZUaGVTYW1wbGVDaGFuZ2VzTm90QVNlY3I="},
    ),
}


def asked(paths: Paths, variables: Mapping[str, str], sample: Sample) -> tuple[int, dict[str, Any], str]:
    """The result of `ops preview` for a sample: its exit code, its JSON and its comment."""
    with changed(paths, variables, sample) as within, TemporaryDirectory() as folder:
        told, said = Path(folder, "told.json"), Path(folder, "comment.md")
        done = _run(
            [paths.launcher, "preview", *sample.stacks, "--json", told, "--markdown", said, "--base", paths.project],
            within,
        )
        if not told.is_file():
            raise RuntimeError(f"ops preview ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.returncode, json.loads(told.read_text()), said.read_text()


@contextmanager
def changed(paths: Paths, variables: Mapping[str, str], sample: Sample) -> Iterator[dict[str, str]]:
    """The environment of the sandbox, but with a copy of its project that has a sample's change.

    Even if this is killed, the sandbox's own project stays unchanged.
    """
    with TemporaryDirectory() as folder:
        within = {**variables, PROJECT_VARIABLE: folder}
        for file in paths.project.glob("Pulumi*.yaml"):
            shutil.copy(file, folder)
        _change_program(paths, sample, Path(folder))
        for kind, values in (("--path", sample.settings), ("--secret", sample.secrets)):
            for path, value in values.items():
                command = [paths.wrapper, "config", "set", kind, path, value, "--stack", sample.stacks[0]]
                done = _run(command, within, Path(folder))
                if done.returncode:
                    raise RuntimeError(done.stderr)
        yield within


def _change_program(paths: Paths, sample: Sample, folder: Path) -> None:
    project = folder / "Pulumi.yaml"
    content = parse(project.read_text())
    for path in sample.without:
        first, *inner, last = path.split(".")
        place = content["config"][first]["default"]
        for part in inner:
            place = place[part]
        del place[last]
    content["main"] = str(paths.checkout)
    if sample.resources:
        program = folder / "program"
        program.mkdir()
        text = PROGRAM.format(checkout=str(paths.checkout), changes=dict(sample.resources))
        (program / "__main__.py").write_text(text)
        content["main"] = str(program)
    project.write_text(yaml.safe_dump(content, sort_keys=False))


def _run(command: list[Any], variables: Mapping[str, str], folder: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def steady(text: str) -> str:
    """A comment without values that differ between sandboxes."""
    return HASHED.sub("...", GENERATED.sub(r"\1-...", text))


def main(chosen: list[str]) -> None:
    """Write the examples, by default all of them."""
    paths = Paths.of()
    variables = environment(paths, urls(paths))
    EXAMPLES.mkdir(exist_ok=True)
    for key in chosen or SAMPLES:
        code, _told, said = asked(paths, variables, SAMPLES[key])
        (EXAMPLES / f"{key}.md").write_text(steady(said))
        print(f"{key}: {SAMPLES[key].title}: exit code {code}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
