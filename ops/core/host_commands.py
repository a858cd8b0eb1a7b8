"""Commands on a host through Systems Manager, and temporary access to secrets for them."""

import json
from datetime import timedelta
from typing import Any

from hosts.roles import HostRole
from ops.core import facts
from ops.core.aws import client
from ops.core.pair import RegionStack
from ops.errors import OpsError

DELIVERY_SECONDS = 60
"""Until the host's agent has received the command; Systems Manager API, SendCommand: at least 30."""
INSTANCES_A_COMMAND = 50
"""Systems Manager API, SendCommand, InstanceIds."""
LENT = timedelta(minutes=5)
"""Our choice: the delivery time, and as much again until the secret is read; clocks differ."""
READ_AGAIN = (
    "systemctl reload-or-restart askproai-secrets && "
    "systemctl try-restart $(systemctl show --value --property=ConsistsOf,RequiredBy askproai-secrets)"
)
"""Units that use secrets are part of the unit that fetches them, or require it. They fail if it does not run again."""
READ_SECONDS = 300
"""Our choice, without a worker's longest job."""
LINES_SHOWN = 5
UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
"""Systems Manager API, GetCommandInvocation, Status: any other status is final."""
ROLE_NAME_LIMIT = 64


def send(stack: RegionStack, instances: list[str], command: str, comment: str, seconds: int) -> list[dict[str, str]]:
    """Run a command on hosts, one after the other, until one fails. Returns the command's ID for each.

    Systems Manager records the command.
    """
    ssm = client("ssm", stack.region)
    found: list[dict[str, str]] = []
    for first in range(0, len(instances), INSTANCES_A_COMMAND):
        some = instances[first : first + INSTANCES_A_COMMAND]
        answer = ssm.send_command(
            InstanceIds=some,
            DocumentName="AWS-RunShellScript",
            Comment=comment[:100],
            TimeoutSeconds=DELIVERY_SECONDS,
            MaxConcurrency="1",
            MaxErrors="0",
            Parameters={"commands": [command], "executionTimeout": [str(seconds)]},
        )
        found += [{"id": str(answer["Command"]["CommandId"]), "instance": instance} for instance in some]
    return found


def read_seconds(stack: RegionStack) -> int:
    """How long a host may take to read its secrets again. A worker finishes its job before it restarts."""
    return READ_SECONDS + stack.settings.workers.timeout_seconds


def wait(stack: RegionStack, sent: dict[str, str], what: str, seconds: int) -> None:
    """Wait for the end of a command. Raises OpsError with the last lines of its output if it failed."""
    ssm = client("ssm", stack.region)
    answer: dict[str, Any] = facts.wait(
        f"{what} on {sent['instance']}",
        lambda: ssm.get_command_invocation(CommandId=sent["id"], InstanceId=sent["instance"]),
        lambda answer: answer["Status"] not in UNDER_WAY,
        seconds=float(DELIVERY_SECONDS + seconds),
    )
    if answer["Status"] != "Success":
        said = f"{answer.get('StandardOutputContent', '')}\n{answer.get('StandardErrorContent', '')}"
        lines = [line.strip() for line in said.splitlines() if line.strip()][-LINES_SHOWN:]
        raise OpsError("\n".join([f"{what} ended with {answer['Status']} on {sent['instance']}", *lines]))


def lend(stack: RegionStack, role: HostRole, instance: str, *secrets: str) -> None:
    """Let one host read secrets, by ARN, for `LENT`. Its role may not, because its permanent programs must not.

    The secret's policy expires by itself, so a killed command leaves nothing open.
    """
    account = stack.naming.account_id
    name = stack.naming.physical(f"{role.name}-instances", ROLE_NAME_LIMIT)
    until = facts.now(stack.region) + LENT
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:role/{name}"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {
            "ArnEquals": {"ec2:SourceInstanceARN": f"arn:aws:ec2:{stack.region}:{account}:instance/{instance}"},
            "DateLessThan": {"aws:CurrentTime": f"{until:%Y-%m-%dT%H:%M:%SZ}"},
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for secret in secrets:
        client("secretsmanager", stack.region).put_resource_policy(SecretId=secret, ResourcePolicy=policy)
