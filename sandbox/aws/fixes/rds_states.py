"""RDS: instances that are being backed up or changed, and what RDS refuses until they are available again."""

from typing import Any

from moto.rds.exceptions import InvalidDBInstanceStateFault
from moto.rds.models import DBInstance, DBSnapshot, RDSBackend, rds_backends

from sandbox.aws.fixes.fix import replaces
from sandbox.aws.later import after

READY = ("available", "storage-optimization")
"""RDS API, CreateDBSnapshot: the source has to be in one of these. User Guide, "Viewing instance status": `available`
is available for modifications."""
STATUSES = (*READY, "backing-up", "modifying")
"""The statuses that the sandbox can set."""


def be(account: str, region: str, identifier: str, status: str, seconds: float) -> bool:
    """Set an instance's status for a while. Returns whether the instance exists."""
    instance = rds_backends[account][region].databases.get(identifier)
    if instance is None:
        return False

    def end() -> None:
        instance.status = READY[0]

    instance.status = status
    after(seconds, end)
    return True


@replaces(RDSBackend, "create_db_snapshot")
def no_snapshot_of_a_busy_instance(stock: Any, self: RDSBackend, *args: Any, **asked: Any) -> DBSnapshot:
    """moto takes a snapshot at any time, so a deletion with a final snapshot also succeeds at any time.

    RDS refuses both while it backs the instance up or changes it (RDS API, CreateDBSnapshot;
    hashicorp/terraform-provider-aws#46687 has the message, of DeleteDBInstance).
    """
    identifier = asked.get("db_instance_identifier") or args[0]
    if _is_busy(self, identifier):
        raise InvalidDBInstanceStateFault(
            f"Cannot create a snapshot because the database instance {identifier} is not currently in the available "
            "state."
        )
    taken: DBSnapshot = stock(self, *args, **asked)
    return taken


@replaces(RDSBackend, "modify_db_instance")
def no_change_of_a_busy_instance(stock: Any, self: RDSBackend, identifier: str, asked: dict[str, Any]) -> DBInstance:
    """moto changes an instance at any time; RDS only if it is available (hashicorp/terraform-provider-aws#31594)."""
    _require_ready(self, identifier)
    changed: DBInstance = stock(self, identifier, asked)
    return changed


@replaces(RDSBackend, "promote_read_replica")
def no_promotion_of_a_busy_replica(stock: Any, self: RDSBackend, asked: dict[str, Any]) -> DBInstance:
    """moto promotes a replica at any time; RDS not during a backup (RDS API, PromoteReadReplica)."""
    _require_ready(self, asked["db_instance_identifier"])
    promoted: DBInstance = stock(self, asked)
    return promoted


def _require_ready(backend: RDSBackend, identifier: str) -> None:
    if _is_busy(backend, identifier):
        raise InvalidDBInstanceStateFault("Database instance is not in available state.")


def _is_busy(backend: RDSBackend, identifier: str) -> bool:
    instance = backend.databases.get(identifier)
    return instance is not None and instance.status not in READY
