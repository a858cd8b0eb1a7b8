"""RDS: read replicas, from creation to promotion or deletion."""

from typing import Any, cast

from moto.rds.exceptions import InvalidDBInstanceStateFault
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from sandbox.aws.fixes.fix import replaces

INHERITED = (
    *("engine", "engine_lifecycle_support", "engine_version", "db_instance_class", "license_model"),
    *("allocated_storage", "iops", "storage_encrypted"),
    *("db_name", "master_username"),
)
"""What a replica takes from its source if it is not set (RDS API, CreateDBInstanceReadReplica)."""


@replaces(RDSBackend, "create_db_instance_read_replica")
def replica_is_an_instance_of_its_own(stock: Any, self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """moto copies the source: it shares tags and log exports, and searches groups in the source's region.

    A source without automated backups cannot have a replica, and a replica has none at first.
    """
    source = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
    if source.backup_retention_period == 0:
        raise InvalidDBInstanceStateFault("Automated backups are not enabled for this database instance.")
    own = {name: value for name, value in db_kwargs.items() if value is not None}
    inherited = {name: getattr(source, name) for name in INHERITED}
    if source.region == self.region_name:
        inherited["db_subnet_group_name"] = source._db_subnet_group_name
    given = {**inherited, "backup_retention_period": 0, **own}
    replica = cast(DBInstance, DBInstance(self, **given))
    replica.set_as_replica()
    self.databases[replica.db_instance_identifier] = replica
    source.add_replica(replica)
    return replica


@replaces(DBInstance, "remove_replica")
def source_forgets_a_replica_elsewhere(stock: Any, self: DBInstance, replica: DBInstance) -> None:
    """moto stores a replica in another region by its ARN, but searches it by name for its deletion."""
    names = (replica.db_instance_identifier, replica.db_instance_arn)
    self.replicas = [name for name in self.replicas if name not in names]


@replaces(RDSBackend, "promote_read_replica")
def promotion_ends_the_replication(stock: Any, self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """A promoted replica still names its source in moto, and the source still lists it; it can be promoted again."""
    replica = self.databases[db_kwargs["db_instance_identifier"]]
    if not replica.is_replica:
        raise InvalidDBInstanceStateFault(f"DB Instance {replica.db_instance_identifier} is not a read replica.")
    source = _instance(self, replica.source_db_instance_identifier or "")
    promoted: DBInstance = stock(self, db_kwargs)
    if source:
        source.remove_replica(replica)
    promoted.source_db_instance_identifier = None
    return promoted


@replaces(RDSBackend, "delete_db_instance")
def replica_outlives_its_source(stock: Any, self: RDSBackend, *args: Any, **kwargs: Any) -> DBInstance:
    """moto refuses to delete a replica whose source no longer exists."""
    identifier = str(kwargs.get("db_instance_identifier") or args[0])
    instance = self.databases.get(identifier)
    if instance and instance.is_replica and not _instance(self, instance.source_db_instance_identifier or ""):
        instance.is_replica = False
    deleted: DBInstance = stock(self, *args, **kwargs)
    return deleted


def _instance(backend: RDSBackend, identifier: str) -> DBInstance | None:
    """The instance with that name, or with that ARN in its region."""
    region = identifier.split(":")[3] if identifier.startswith("arn:") else backend.region_name
    return rds_backends[backend.account_id][region].databases.get(identifier.rpartition(":")[2])
