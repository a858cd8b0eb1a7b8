"""RDS: what a snapshot uses, and what its restoration needs."""

from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.core.utils import get_pagination_model
from moto.kms.models import kms_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, OptionGroup, RDSBackend
from moto.rds.responses import RDSResponse

from sandbox.aws.fixes.fix import replaces


@replaces(RDSBackend, "delete_option_group")
def option_group_stays_while_it_is_used(stock: Any, self: RDSBackend, option_group_name: str) -> OptionGroup:
    """moto deletes any option group; RDS keeps one that an instance, a snapshot or a retained backup uses.

    RDS User Guide, "Working with option groups": one "can be deleted only when it isn't associated with any Amazon RDS
    resource", and manual snapshots and automated backups are such resources.
    """
    instances = [instance.option_group_name for instance in self.databases.values()]
    snapshots = [snapshot.database.option_group_name for snapshot in self.database_snapshots.values()]
    if option_group_name in [*instances, *snapshots]:
        raise RDSClientError(
            "InvalidOptionGroupStateFault",
            f"The option group '{option_group_name}' cannot be deleted because it is in use.",
        )
    deleted: OptionGroup = stock(self, option_group_name)
    return deleted


@replaces(RDSBackend, "restore_db_instance_from_db_snapshot")
def snapshot_needs_its_key(stock: Any, self: RDSBackend, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
    """moto restores a snapshot whose key is to be deleted; KMS lets nobody use such a key (Developer Guide, "Deleting
    AWS KMS keys"), and RDS answers so (RDS API, RestoreDBInstanceFromDBSnapshot)."""
    (snapshot,) = self.describe_db_snapshots(
        db_instance_identifier=None, db_snapshot_identifier=from_snapshot_id.rpartition(":snapshot:")[2]
    )
    keys = kms_backends[self.account_id][self.region_name].keys
    key = keys.get(str(snapshot.kms_key_id or "").rpartition("/")[2])
    if key is not None and key.key_state != "Enabled":
        raise RDSClientError("KMSKeyNotAccessibleFault", f"The key {key.arn} is {key.key_state}.")
    restored: DBInstance = stock(self, from_snapshot_id, overrides)
    return restored


@replaces(RDSResponse, "describe_db_snapshots")
def snapshots_have_pages(stock: Any, self: RDSResponse) -> ActionResult:
    """moto answers with all snapshots; RDS with 100 at most, or as asked, and where the next begin (RDS API,
    DescribeDBSnapshots, MaxRecords)."""
    # Without it moto cannot say where the next page begins.
    get_pagination_model("rds")["DescribeDBSnapshots"]["unique_attribute"] = "db_snapshot_identifier"
    return PaginatedResult(stock(self).result)
