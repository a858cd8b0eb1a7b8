"""The hosts of a rotation: one of them changes the database, and all of them read the secret again."""

from hosts.roles import WORKERS, HostRole
from ops.core.host_commands import DELIVERY_SECONDS, READ_AGAIN, lend, read_seconds, send, wait
from ops.core.hosts import instances as in_service
from ops.core.pair import RegionStack
from ops.errors import OpsError
from ops.secrets.rotation import Place

ACCOUNTS = (
    "systemd-run --wait --pipe --quiet --collect --property=EnvironmentFile=/etc/askproai/host.env "
    "--setenv=PYTHONPATH=/usr/local/lib/askproai "
    "/usr/bin/python3 -P /usr/local/lib/askproai/database_accounts.py"
)
SECONDS = 300
"""Ours."""


def on_the_database(place: Place, action: str, given: list[str], secrets: list[str]) -> str:
    """Have one worker change accounts, as the administrator, and wait for it. Returns the worker.

    The worker may read the administrator's secret and `secrets` only for a short time.
    """
    live = place.live
    instances = in_service(live, WORKERS)
    if not instances:
        raise OpsError(f"{live.stack} has no worker in service, from which the database could be reached")
    administrator = str(live.output("secret_arns")["database"])
    lend(live, WORKERS, instances[0], administrator, *secrets)
    command = " ".join([ACCOUNTS, action, administrator, *given])
    (sent,) = send(live, instances[:1], command, f"ops secrets rotate: {action} accounts", SECONDS)
    wait(live, sent, f"`{action}` of accounts", SECONDS)
    return f"on {instances[0]}"


def read_again(stack: RegionStack, roles: tuple[HostRole, ...]) -> int:
    """Have hosts read their secrets again, one after the other, and wait for all. Returns their number."""
    instances = in_service(stack, *roles)
    seconds = read_seconds(stack)
    for sent in send(stack, instances, READ_AGAIN, "ops secrets rotate: read secrets", seconds):
        wait(stack, sent, "reading secrets", (DELIVERY_SECONDS + seconds) * len(instances))
    return len(instances)
