"""`make boot`: boot an instance that a stack declares, show how to reach it, and stop it with Ctrl-C."""

import http.client
import ipaddress
import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import contract
from hosts.roles import APPLICATION_ROLES
from sandbox.instances.boot import Machine
from sandbox.instances.release import RELEASE, publish
from sandbox.instances.surroundings import Surroundings, client, declared, surroundings
from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError

CALLER_HOST = 10
"""The address in the load balancer's first subnet that calls the hosts; AWS reserves the first four (VPC User
Guide)."""
SETTLED_SECONDS = 300.0
POLL_SECONDS = 0.5
Say = Callable[[str], None]


def boot(paths: Paths, urls: dict[str, str], stack: str, role: str, say: Say) -> None:
    """Boot one instance of a role, with its data, and wait until Ctrl-C."""
    outputs = stack_outputs(paths, urls, stack)
    region = str(project.setting(paths, stack, "region"))
    groups = groups_of(outputs, role)
    with surroundings(paths, urls["aws"], region, caller_of(urls["aws"], region, outputs)) as around:
        instance = next((found for group in groups for found in declared(around.client, group)), None)
        if instance is None:
            raise SandboxError(f"no instance of {', '.join(groups)} is in service")
        publish(around.client("s3"), outputs["bucket_names"]["releases"], RELEASE)
        say(f"release {RELEASE} of the sandbox's application is in the bucket; booting database and cache")
        around.boot_data().wait_for("data.service", SETTLED_SECONDS)
        say(f"booting {instance}")
        started = time.monotonic()
        machine = around.boot(instance)
        _follow(machine, started, say)
        _show(around, machine, instance, role, say)
        with suppress(KeyboardInterrupt):
            while machine.running():
                time.sleep(POLL_SECONDS)
        say("stopping")


def stack_outputs(paths: Paths, urls: dict[str, str], stack: str) -> dict[str, Any]:
    """The outputs of a stack that is up."""
    command = [str(paths.wrapper), "stack", "output", "--json", "--stack", stack]
    done = subprocess.run(command, env=environment(paths, urls), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"stack {stack} has no outputs: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def groups_of(outputs: dict[str, Any], role: str) -> list[str]:
    """The Auto Scaling groups of a host role. Raises SandboxError for a role that the stack does not have."""
    groups = outputs["host_group_names"]
    if role not in groups:
        raise SandboxError(f"no role {role}; there are: {', '.join(sorted(groups))}")
    return list(groups[role].values())


def caller_of(aws: str, region: str, outputs: dict[str, Any]) -> str:
    """The address from which the stack's load balancer would call its hosts."""
    elb, ec2 = (client(aws, region, service) for service in ("elbv2", "ec2"))
    name = outputs["load_balancer_dns_name"]
    balancers = [one for one in elb.describe_load_balancers()["LoadBalancers"] if one["DNSName"] == name]
    if not balancers:
        raise SandboxError(f"the emulated AWS has no load balancer {name}")
    subnet = balancers[0]["AvailabilityZones"][0]["SubnetId"]
    block = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"]
    return str(ipaddress.ip_network(block)[CALLER_HOST])


def ask(around: Surroundings, address: str, path: str, seconds: float = 5.0) -> tuple[int, str]:
    """A host's answer to a request from outside. Raises OSError if it does not answer."""
    connection = http.client.HTTPConnection(address)
    connection.sock = around.connection(address, 80, seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _follow(machine: Machine, started: float, say: Say) -> None:
    """Show the output of cloud-init until it has finished."""
    said = ""
    while time.monotonic() - started < SETTLED_SECONDS and machine.running():
        status = json.loads(machine.run("cloud-init", "status", "--format=json", check=False) or "{}")
        now = str(status.get("extended_status") or "starting")
        if now != said:
            say(f"{time.monotonic() - started:5.1f} s  cloud-init: {now}")
            said = now
        # "degraded running" has warnings but continues.
        if not now.endswith(("starting", "not started", "running")):
            for error in status.get("errors", []):
                say(f"         {error}")
            return
        time.sleep(POLL_SECONDS)


def _show(around: Surroundings, machine: Machine, instance: str, role: str, say: Say) -> None:
    """The instance's answers, and the next commands for the user."""
    address = around.address(instance)
    asked = any(each.name == role and each.behind_load_balancer for each in APPLICATION_ROLES)
    for path in contract.health_paths() if asked else ():
        try:
            status, text = ask(around, address, path)
            say(f"{path:<24} {status} {text[:100]}")
        except OSError as error:
            say(f"{path:<24} no answer: {error}")
    for line in machine.run("systemctl", "list-units", "askproai-*", "--no-legend", "--no-pager").splitlines():
        say(line.strip())
    used = machine.usage()
    say(f"used: {used.cpu_seconds:.1f} s of CPU, {used.memory_bytes / 1e6:.0f} MB of memory")
    if asked:
        say(f"Ask it:   nsenter --net={around.outside.path} curl http://{address}{contract.HEALTH_PATH}")
    say(f"Shell:    {' '.join(machine.entrance())} bash")
    say("Stop it:  Ctrl-C")
