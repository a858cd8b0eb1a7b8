"""The sandbox's command line: `python -m sandbox --help`."""

import json
import os
import shlex
import sys
from typing import Annotated
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import typer
from rich.console import Console
from rich.table import Table

import contract
from sandbox.instances import command
from sandbox.project import project, shell
from sandbox.project.environment import dropped, environment, variables
from sandbox.project.paths import Paths
from sandbox.servers import bring_up, clouds, processes
from sandbox.servers.processes import AWS, CLOUDFLARE, KINDS, Server
from sandbox.toolchain.steps import SandboxError, interrupt_on_termination

app = typer.Typer(
    help="The platform on this machine: the real Pulumi engine against emulated clouds, without an account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
INTERRUPTED = 130
ANSWER_SECONDS = 10

Stacks = Annotated[
    list[str] | None,
    typer.Option(
        "--stack", help="Bring up only this stack; repeatable. Default: every edge and the regions behind it."
    ),
]


@app.command()
def up(stack: Stacks = None) -> None:
    """Start the emulated clouds and bring up the stacks; a second run changes nothing."""
    paths = Paths.of()
    try:
        servers = bring_up.bring_up(paths, _chosen(paths, stack), _say)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _show(paths, servers)


@app.command()
def down() -> None:
    """Stop everything. The emulated clouds lose their contents; the next `up` starts from scratch."""
    paths = Paths.of()
    left = processes.leftovers(paths)
    processes.end(left)
    stopped = clouds.stop(paths)
    if left:
        stopped.append(f"{len(left)} processes of engines and plugins")
    _say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def status() -> None:
    """Show what is up and where; exits with 1 if something is not."""
    paths = Paths.of()
    servers = {kind.name: server for kind in KINDS if (server := processes.running(paths, kind)) and server.ready()}
    _show(paths, servers)
    if len(servers) < len(KINDS) or not all(clouds.resources(paths, stack) for stack in project.platform(paths)):
        raise typer.Exit(1)


@app.command("shell")
def open_shell(
    command: Annotated[
        list[str] | None, typer.Argument(help="A command to run instead of a shell, after `--`.")
    ] = None,
) -> None:
    """Open a shell in which `pulumi`, `ops`, the AWS CLI and boto3 work on the sandbox."""
    paths = Paths.of()
    given = environment(paths, _urls(paths))
    sys.stdout.flush()
    if command:
        os.execvpe(command[0], command, given)
    shell.open_shell(paths, given)


@app.command("env")
def print_environment() -> None:
    """Print the shell's environment, for `eval "$(python -m sandbox env)"`."""
    paths = Paths.of()
    urls = _urls(paths)
    for name in dropped(paths, urls):
        print(f"unset {name}")
    for name, value in variables(paths, urls).items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def blackout(
    region: Annotated[str, typer.Argument(help="The AWS region to black out or to restore.")],
    mode: Annotated[str, typer.Option(help="How calls to it fail: refuse, hang or error.")] = "refuse",
    end: Annotated[bool, typer.Option("--end", help="Restore the region, with everything in it.")] = False,
) -> None:
    """Black out an AWS region while everything runs, or restore it."""
    question = "" if end else f"?mode={quote(mode)}"
    url = f"{_urls(Paths.of())['aws']}/_sandbox/blackout/{quote(region)}{question}"
    try:
        with urlopen(Request(url, method="DELETE" if end else "PUT"), timeout=ANSWER_SECONDS) as answer:
            lost = json.load(answer)
    except HTTPError as error:
        raise SandboxError(json.load(error)["error"]) from None
    regions = ", ".join(f"{name} ({how})" for name, how in lost.items())
    _say(f"lost: {regions}" if regions else "every region answers")


@app.command()
def boot(
    role: Annotated[str, typer.Option(help="Which hosts: web or workers.")] = "web",
    stack: Annotated[str, typer.Option(help="The stack that declares them.")] = "prod",
) -> None:
    """Boot an instance that a stack declares, with systemd, cloud-init and its user data, until Ctrl-C."""
    paths = Paths.of()
    command.boot(paths, _urls(paths), stack, role, _say)


def _urls(paths: Paths) -> dict[str, str]:
    """The addresses of the servers. Raises SandboxError if the emulated AWS does not run."""
    for note in project.refresh(paths):
        print(f"sandbox: {note}", file=sys.stderr)
    urls = processes.urls(paths)
    if AWS.name not in urls:
        raise SandboxError("the sandbox is not up; run `make sandbox` first")
    return urls


def _chosen(paths: Paths, given: list[str] | None) -> list[str]:
    """The stacks to bring up, in order."""
    present = project.stacks(paths)
    unknown = [stack for stack in given or [] if stack not in present]
    if unknown or not present:
        raise SandboxError(
            f"no stack file for {', '.join(unknown) or 'any stack'} in {paths.checkout}; there are: "
            f"{', '.join(present) or 'none'}"
        )
    return [stack for stack in present if stack in (given or project.platform(paths))]


def _say(text: str) -> None:
    console.print(f"  {text}", markup=False, soft_wrap=True)


def _show(paths: Paths, servers: dict[str, Server]) -> None:
    """The closing table: what is up, where, and how to look at it."""
    table = Table("what", "is", "where", title="AskProAI sandbox", title_justify="left")
    for kind in KINDS:
        server = servers.get(kind.name)
        what = f"up, pid {server.pid}, {_memory(server)} MB" if server else "not running"
        table.add_row(kind.title, what, server.url if server else "")
    live = next((str(name) for stack in project.stacks(paths) if (name := project.setting(paths, stack, "live"))), None)
    for stack in project.stacks(paths):
        table.add_row(f"stack {stack}", _state(paths, stack, servers, live), _place(paths, stack, servers))
    console.print(table)
    console.print(_hints(paths, servers), soft_wrap=True, markup=False)


def _state(paths: Paths, stack: str, servers: dict[str, Server], live: str | None) -> str:
    count = clouds.resources(paths, stack)
    if not count:
        return "not brought up"
    if not servers:
        return f"{count} resources, lost with the clouds"
    return f"{count} resources{', live' if stack == live else ''}"


def _place(paths: Paths, stack: str, servers: dict[str, Server]) -> str:
    """A stack's region; the edge's is everywhere."""
    if region := project.setting(paths, stack, "region"):
        return str(region)
    server = servers.get(CLOUDFLARE.name)
    return f"{project.setting(paths, stack, 'domain')} on {server.url}" if server else ""


def _hints(paths: Paths, servers: dict[str, Server]) -> str:
    """The next commands for the user."""
    if AWS.name not in servers:
        return "Bring it up: make sandbox"
    lines = [
        "Look at it:  make sandbox-shell            then: pulumi preview --stack prod, ops dr status, aws s3 ls",
        'or here:     eval "$(make -s sandbox-env)"',
        f"or only AWS: export AWS_ENDPOINT_URL={servers[AWS.name].url} AWS_ACCESS_KEY_ID=sandbox "
        "AWS_SECRET_ACCESS_KEY=sandbox",
    ]
    edge = next((stack for stack in project.stacks(paths) if project.setting(paths, stack, "live")), None)
    if edge and clouds.resources(paths, edge) and CLOUDFLARE.name in servers:
        domain, url = project.setting(paths, edge, "domain"), servers[CLOUDFLARE.name].url
        host, path = contract.app(str(domain)), contract.HEALTH_PATH
        lines.append(f"Visit it:    curl -H 'Host: {host}' {url}{path}")
    return "\n".join([*lines, "Stop it:     make sandbox-down"])


def _memory(server: Server) -> int:
    process = server.process()
    return int(process.memory_info().rss / 1_000_000) if process else 0


def main() -> None:
    """Run a command."""
    interrupt_on_termination()
    try:
        app()
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")


if __name__ == "__main__":
    main()
