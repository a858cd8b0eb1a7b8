"""RDS: replicated automated backups of a database in another region."""

import copy
import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidDBInstanceStateFault
from moto.rds.models import DBInstance, DBSnapshot, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from sandbox.aws.fixes.fix import replaces

DEFAULT_DAYS = 7
"""RDS API, StartDBInstanceAutomatedBackupsReplication, BackupRetentionPeriod."""


def _kept(backend: RDSBackend) -> dict[str, dict[str, Any]]:
    """The backups in the region of `backend`, by the ARN of the source."""
    kept: dict[str, dict[str, Any]] = vars(backend).setdefault("replicated_backups", {})
    return kept


def _databases(backend: RDSBackend) -> dict[str, DBInstance]:
    """The databases with replicated backups, by the ARN of the backups."""
    databases: dict[str, DBInstance] = vars(backend).setdefault("replicated_databases", {})
    return databases


def _source(backend: RDSBackend, arn: str) -> DBInstance:
    """The database of that ARN, in its own region; raises DBInstanceNotFoundError."""
    source: DBInstance = rds_backends[backend.account_id][arn.split(":")[3]].find_db_from_id(arn.rpartition(":")[2])
    return source


def _name_copies(source: Any, arns: list[str]) -> None:
    """Show in the database its backups in other regions."""
    source.db_instance_automated_backups_replications = [{"DBInstanceAutomatedBackupsArn": arn} for arn in arns]


@replaces(RDSResponse, "start_db_instance_automated_backups_replication")
def region_keeps_backups_of_another(stock: Any, self: RDSResponse) -> ActionResult:
    """moto has no replication of automated backups.

    RDS starts it in the region that will keep them, for a database that has automated backups (User Guide, "Enabling
    cross-Region automated backups").
    """
    asked, backend = self.params, self.backend
    source = _source(backend, asked["SourceDBInstanceArn"])
    if not source.backup_retention_period:
        raise InvalidDBInstanceStateFault("Automated backups are not enabled for this database instance.")
    name = f"ab-{secrets.token_hex(13)}"
    arn = f"arn:aws:rds:{backend.region_name}:{backend.account_id}:auto-backup:{name}"
    kept = {
        "DBInstanceAutomatedBackupsArn": arn,
        "DBInstanceArn": source.db_instance_arn,
        "DBInstanceIdentifier": source.db_instance_identifier,
        "DbiResourceId": source.dbi_resource_id,
        "Region": source.region,
        "Status": "Replicating",
        "BackupRetentionPeriod": asked.get("BackupRetentionPeriod") or DEFAULT_DAYS,
        "KmsKeyId": asked.get("KmsKeyId"),
    }
    _kept(backend)[source.db_instance_arn] = kept
    # Used for a restore after the source was deleted.
    _databases(backend)[arn] = copy.copy(source)
    _name_copies(source, [arn])
    return ActionResult({"DBInstanceAutomatedBackup": kept})


@replaces(RDSResponse, "describe_db_instance_automated_backups")
def kept_backups_are_described(stock: Any, self: RDSResponse) -> ActionResult:
    """The same as `region_keeps_backups_of_another`; once their source is gone, they stay until their time is over."""
    arn = self.params.get("DBInstanceAutomatedBackupsArn")
    found = []
    for kept in _kept(self.backend).values():
        living = rds_backends[self.current_account][kept["Region"]].databases
        status = kept["Status"] if kept["DBInstanceIdentifier"] in living else "Retained"
        # While it replicates, it is recent.
        window = {"RestoreWindow": {"LatestTime": utcnow()}} if status == kept["Status"] == "Replicating" else {}
        found.append({**kept, **window, "Status": status})
    if arn:
        chosen = [kept for kept in found if kept["DBInstanceAutomatedBackupsArn"] == arn]
        return ActionResult({"DBInstanceAutomatedBackups": chosen})
    own = stock(self).result["DBInstanceAutomatedBackups"]
    return ActionResult({"DBInstanceAutomatedBackups": [*own, *found]})


@replaces(RDSResponse, "stop_db_instance_automated_backups_replication")
def region_keeps_no_more_backups(stock: Any, self: RDSResponse) -> ActionResult:
    """The same as `region_keeps_backups_of_another`; what is there stays until its time is over."""
    kept = _kept(self.backend).get(self.params["SourceDBInstanceArn"])
    if kept is None or kept["Status"] == "Retained":
        raise InvalidDBInstanceStateFault("DB instance is not replicating to the current region")
    kept["Status"] = "Retained"
    _name_copies(_source(self.backend, self.params["SourceDBInstanceArn"]), [])
    return ActionResult({"DBInstanceAutomatedBackup": kept})


@replaces(RDSResponse, "restore_db_instance_to_point_in_time")
def kept_backups_are_restored(stock: Any, self: RDSResponse) -> ActionResult:
    """moto restores only existing databases of its own region (RDS API,
    RestoreDBInstanceToPointInTime, SourceDBInstanceAutomatedBackupsArn)."""
    arn, backend = self.params.get("SourceDBInstanceAutomatedBackupsArn"), self.backend
    if not arn:
        return stock(self)
    name, key = (
        f"rds:{secrets.token_hex(8)}",
        next(kept["KmsKeyId"] for kept in _kept(backend).values() if kept["DBInstanceAutomatedBackupsArn"] == arn),
    )
    snapshot: Any = DBSnapshot(backend, _databases(backend)[arn], name, kms_key_id=key)
    backend.database_snapshots[name] = snapshot
    asked = {**self.params, "db_instance_identifier": self.params["TargetDBInstanceIdentifier"]}
    try:
        restored = backend.restore_db_instance_from_db_snapshot(name, asked)
    finally:
        del backend.database_snapshots[name]
    return ActionResult({"DBInstance": restored})
