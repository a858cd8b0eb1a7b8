"""The database in a deployment: the check of its backups, a snapshot, and the migrations on one host of the new
colour."""

from datetime import UTC, datetime, timedelta

from hosts.roles import WEB
from ops.core import host_commands
from ops.core.aws import client
from ops.core.pair import RegionStack
from ops.deploy.deployment import Deployment
from ops.errors import OpsError

MIGRATION_SECONDS = 3600
"""Ours."""
ACCOUNT = "database-migrations"
"""The secret of the account that may change tables."""
MIGRATE = (
    "systemd-run --wait --pipe --quiet --collect --uid=www-data --working-directory=/srv/askproai/current "
    "--property=EnvironmentFile=/etc/askproai/host.env "
    "--property=EnvironmentFile=/run/askproai/secrets.env "
    "--property=EnvironmentFile=/run/askproai/addresses.env "
    "/usr/bin/python3 -P /usr/local/lib/askproai/as_account.py {secret} "
    "/usr/bin/php artisan migrate --force --no-interaction"
)
"""With the account that may change tables, else as the application's own services run:
`hosts/workers/etc/systemd/system/askproai-worker@.service`. The manuals'
"Standard Deployment Process" has `php artisan migrate --force`."""


def backup_problem(stack: RegionStack) -> str:
    """Why the database could not be restored to its current content; empty if it could."""
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
    """The snapshot from before a deployment's migrations."""
    return f"{stack.output('database_identifier')}-deploy-{deployment.started:%Y%m%d-%H%M%S}"


def send_migration(stack: RegionStack, instance: str, version: str) -> dict[str, str]:
    """Run the migrations on one host through Systems Manager. Returns the command's ID."""
    secret = str(stack.output("secret_arns")[ACCOUNT])
    host_commands.lend(stack, WEB, instance, secret)
    command = MIGRATE.format(secret=secret)
    comment = f"ops deploy: migrations of {version}"
    (sent,) = host_commands.send(stack, [instance], command, comment, MIGRATION_SECONDS)
    return sent


def await_migration(stack: RegionStack, command: dict[str, str]) -> str:
    """Wait for the migrations. Returns their host. Raises OpsError with their output if they failed."""
    try:
        host_commands.wait(stack, command, "the migrations", MIGRATION_SECONDS)
    except OpsError as error:
        told = "no traffic was moved; the snapshot of the previous step has the database as it was"
        raise OpsError(f"{error.message}\n{told}") from None
    return f"on {command['instance']}"
