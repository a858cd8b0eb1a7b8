"""The database in a deployment: a backup before, a snapshot, and the migrations on one host of the new colour."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ops.core import facts
from ops.core.aws import client
from ops.core.pair import RegionStack
from ops.deploy.deployment import Deployment
from ops.errors import OpsError

MIGRATION_SECONDS = 3600
"""Ours."""
DELIVERY_SECONDS = 60
"""Until the host's agent has the command; Systems Manager API, SendCommand: 30 at least."""
LINES_SHOWN = 5
UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
"""Systems Manager API, GetCommandInvocation, Status: any other is the end."""
MIGRATE = (
    "systemd-run --wait --pipe --quiet --collect --uid=www-data --working-directory=/srv/askproai/current "
    "--property=EnvironmentFile=/etc/askproai/host.env "
    "--property=EnvironmentFile=/run/askproai/secrets.env "
    "--property=EnvironmentFile=/run/askproai/addresses.env "
    "/usr/bin/php artisan migrate --force --no-interaction"
)
"""As the application's own services run: `hosts/workers/etc/systemd/system/askproai-worker@.service`. The manuals'
"Standard Deployment Process" has `php artisan migrate --force`."""


def backup_problem(stack: RegionStack) -> str:
    """Why the database could not be restored to what it is now, empty where it can."""
    name = str(stack.output("database_identifier"))
    (found,) = client("rds", stack.region).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    recovery = stack.settings.recovery
    allowed = timedelta(minutes=recovery.rpo_minutes if recovery else 60)
    newest = found.get("LatestRestorableTime")
    if newest is None:
        return f"database {name} has no backup: RDS knows no time to which it can be restored"
    age = datetime.now(UTC) - newest
    minutes = age.total_seconds() / 60
    want = f"{allowed.total_seconds() / 60:.0f} minutes are allowed (recovery.rpo_minutes)"
    return "" if age <= allowed else f"the newest backup of database {name} is {minutes:.0f} minutes old; {want}"


def snapshot_name(stack: RegionStack, deployment: Deployment) -> str:
    """The snapshot of before a deployment's migrations."""
    return f"{stack.output('database_identifier')}-deploy-{deployment.started:%Y%m%d-%H%M%S}"


def send_migration(stack: RegionStack, instance: str, version: str) -> dict[str, str]:
    """Have Systems Manager migrate the database on one host; where to ask what came of it."""
    answer = client("ssm", stack.region).send_command(
        InstanceIds=[instance],
        DocumentName="AWS-RunShellScript",
        Comment=f"ops deploy: migrations of {version}"[:100],
        TimeoutSeconds=DELIVERY_SECONDS,
        Parameters={"commands": [MIGRATE], "executionTimeout": [str(MIGRATION_SECONDS)]},
    )
    return {"id": str(answer["Command"]["CommandId"]), "instance": instance}


def await_migration(stack: RegionStack, command: dict[str, str]) -> str:
    """Wait for the migrations; the host on which they ran. Raises OpsError with what they said when they failed."""
    ssm = client("ssm", stack.region)

    def ask() -> dict[str, Any]:
        return dict(ssm.get_command_invocation(CommandId=command["id"], InstanceId=command["instance"]))

    def ended(answer: dict[str, Any]) -> bool:
        return answer["Status"] not in UNDER_WAY

    seconds = float(DELIVERY_SECONDS + MIGRATION_SECONDS)
    answer = facts.wait(f"migrations on {command['instance']}", ask, ended, seconds=seconds)
    if answer["Status"] != "Success":
        said = f"{answer.get('StandardOutputContent', '')}\n{answer.get('StandardErrorContent', '')}"
        lines = [line.strip() for line in said.splitlines() if line.strip()][-LINES_SHOWN:]
        told = "\n".join([f"the migrations ended with {answer['Status']} on {command['instance']}", *lines])
        raise OpsError(f"{told}\nno traffic was moved; what the database was is in the snapshot of the step before")
    return f"on {command['instance']}"
