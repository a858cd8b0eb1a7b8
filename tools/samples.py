"""Sample changes of the platform, and what `ops preview` says of each: `make examples` writes it to docs/examples/."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from sandbox.project.environment import environment
from sandbox.project.paths import CHECKOUT, Paths
from sandbox.servers.processes import urls

EXAMPLES = CHECKOUT / "docs" / "examples"
SECONDS = 1800
GENERATED = re.compile(r"\b(vpc|subnet|sg|rtb|acl|nat|igw|eni|eipalloc|vpce|lt|mrk|key)-[0-9a-f-]{8,}\b")
"""Identifiers that the emulated clouds make anew each time."""
HASHED = re.compile(r"\b[0-9a-f]{16,}\b")
PROGRAM = """
import runpy
import sys

import pulumi

sys.path.insert(0, {checkout!r})
sys.argv[0] = {checkout!r} + "/__main__.py"


def change(given):
    props, opts = given.props, given.opts
    if given.name == {name!r} and {kind!r} in ('', given.type_):
{body}
    return pulumi.ResourceTransformationResult(props, opts)


pulumi.runtime.register_stack_transformation(change)
runpy.run_path({checkout!r} + "/__main__.py", run_name="__main__")
"""
"""The project's program, with one resource changed as a patch of its component would."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A change: of settings of a stack's file, of keys of Pulumi.yaml that go, or of one resource in the program."""

    title: str
    stacks: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    name: str = ""
    kind: str = ""
    body: str = ""


SAMPLES: Mapping[str, Sample] = {
    "database-resized": Sample(
        title="resize the database",
        stacks=("prod",),
        settings={"database.instance_class": "db.m6i.2xlarge"},
    ),
    "subnet-replaced": Sample(
        title="give a subnet another range, which only a replacement can do",
        stacks=("prod",),
        name="network-data-a",
        body="props['cidr_block'] = '10.0.240.0/20'",
    ),
    "port-opened": Sample(
        title="open SSH of the web servers to the world",
        stacks=("prod",),
        name="firewall-web",
        body="props['ingress'] = [*props['ingress'], {'protocol': 'tcp', 'from_port': 22, 'to_port': 22, "
        "'cidr_blocks': ['0.0.0.0/0']}]",
    ),
    "backup-rule-dropped": Sample(
        title="drop the last rule of the backup plan",
        stacks=("prod",),
        name="backups-plan",
        body="props['rules'] = props['rules'][:-1]",
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
        name="queues-high",
        kind="aws:sqs/queue:Queue",
        body="props['tags'] = {**(props.get('tags') or {}), 'Team': 'orders | <b>@all</b>'}",
    ),
    "alert-threshold": Sample(
        title="raise the threshold of an alert",
        stacks=("prod",),
        name="alarms-hosts-cpu-web-blue-critical",
        body="props['threshold'] = 95",
    ),
    "queue-deleted": Sample(
        title="delete a queue",
        stacks=("prod",),
        without=("workers.queues.notifications",),
    ),
    "record-unproxied": Sample(
        title="send visitors of the application past Cloudflare",
        stacks=("edge",),
        name="dns-app",
        body="props['proxied'] = False",
    ),
    "secret-rotated": Sample(
        title="rotate the application's key",
        stacks=("prod",),
        secrets={"app_key": "base64:TmV3S2V5T2ZUaGVTYW1wbGVDaGFuZ2VzTm90QVNlY3I="},
    ),
}


def asked(paths: Paths, variables: Mapping[str, str], sample: Sample) -> tuple[int, dict[str, Any], str]:
    """What `ops preview` says of a sample: its exit code, its JSON and its comment."""
    with changed(paths, variables, sample) as before, TemporaryDirectory() as folder:
        told, said = Path(folder, "told.json"), Path(folder, "comment.md")
        done = _run(
            [paths.launcher, "preview", *sample.stacks, "--json", told, "--markdown", said, "--base", before],
            variables,
        )
        if not told.is_file():
            raise RuntimeError(f"ops preview ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.returncode, json.loads(told.read_text()), said.read_text()


@contextmanager
def changed(paths: Paths, variables: Mapping[str, str], sample: Sample) -> Iterator[Path]:
    """The sandbox's project with a sample's change, as it was afterwards; gives a folder of the files before."""
    files = {file: file.read_text() for file in paths.project.glob("Pulumi*.yaml")}
    with TemporaryDirectory() as folder:
        for file, text in files.items():
            (Path(folder) / file.name).write_text(text)
        try:
            _apply(paths, variables, sample, Path(folder, "program"))
            yield Path(folder)
        finally:
            for file, text in files.items():
                file.write_text(text)


def _apply(paths: Paths, variables: Mapping[str, str], sample: Sample, program: Path) -> None:
    stack = sample.stacks[0]
    for secret, values in ((False, sample.settings), (True, sample.secrets)):
        for path, value in values.items():
            kind = ["--secret"] if secret else ["--path"]
            command = [paths.wrapper, "config", "set", *kind, path, value, "--stack", stack]
            done = _run(command, variables)
            if done.returncode:
                raise RuntimeError(done.stderr)
    project = paths.project / "Pulumi.yaml"
    content = yaml.safe_load(project.read_text())
    for path in sample.without:
        first, *inner, last = path.split(".")
        place = content["config"][first]["default"]
        for part in inner:
            place = place[part]
        del place[last]
    if sample.name:
        program.mkdir()
        body = "        " + sample.body
        text = PROGRAM.format(checkout=str(paths.checkout), name=sample.name, kind=sample.kind, body=body)
        (program / "__main__.py").write_text(text)
        content["main"] = str(program)
    project.write_text(yaml.safe_dump(content, sort_keys=False))


def _run(command: list[Any], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=CHECKOUT, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def steady(text: str) -> str:
    """A comment without what differs from one sandbox to the next."""
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
