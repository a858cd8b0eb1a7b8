"""RDS: database instances, their parameter groups and snapshots."""

import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from sandbox.aws.fixes.fix import replaces

DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"
DEFAULT_INSIGHTS_DAYS = 7


def _new_resource_id() -> str:
    return f"db-{secrets.token_hex(13).upper()}"


@replaces(DBInstance, "__init__")
def instance_has_own_resource_id(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto gives every instance one DbiResourceId; the provider finds an instance by it, and loses the second one."""
    stock(self, *args, **kwargs)
    self.dbi_resource_id = _new_resource_id()


@replaces(DBInstance, "__init__")
def certificate_authority_is_todays(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto defaults to an authority that AWS does not have; the provider corrects it at once, which takes 80 s."""
    stock(self, *args, **{"ca_certificate_identifier": DEFAULT_AUTHORITY} | kwargs)


@replaces(DBInstance, "set_as_replica")
def replica_has_own_resource_id(stock: Any, self: DBInstance) -> None:
    """A replica starts as a copy of its source in moto, and keeps the source's DbiResourceId."""
    stock(self)
    self.dbi_resource_id = _new_resource_id()


@replaces(RDSBackend, "promote_read_replica")
def promotion_ends_the_replication(stock: Any, self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """A promoted replica still names its source in moto, and the source still lists it."""
    replica = self.databases[db_kwargs["db_instance_identifier"]]
    source = _instance(self, replica.source_db_instance_identifier or "")
    promoted: DBInstance = stock(self, db_kwargs)
    if source:
        own_names = (replica.db_instance_identifier, replica.db_instance_arn)
        source.replicas = [name for name in source.replicas if name not in own_names]
    promoted.source_db_instance_identifier = None
    return promoted


def _instance(backend: RDSBackend, identifier: str) -> DBInstance | None:
    """The instance of that name, or of that ARN in whatever region it names."""
    region = identifier.split(":")[3] if identifier.startswith("arn:") else backend.region_name
    return rds_backends[backend.account_id][region].databases.get(identifier.rpartition(":")[2])


@replaces(DBInstance, "__init__")
def insights_are_kept(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto does not say whether Performance Insights is on, with which key and for how long it keeps its data."""
    stock(self, *args, **kwargs)
    _remember_insights(self, kwargs)


@replaces(DBInstance, "update")
def insights_change(stock: Any, self: DBInstance, **kwargs: Any) -> None:
    """The same as `insights_are_kept`, for an instance that is modified."""
    stock(self, **kwargs)
    _remember_insights(self, kwargs)


def _remember_insights(instance: Any, asked: dict[str, Any]) -> None:
    if asked.get("enable_performance_insights") is not None:
        instance.performance_insights_enabled = asked["enable_performance_insights"]
    if getattr(instance, "performance_insights_enabled", False):
        for name, default in (("kms_key_id", None), ("retention_period", DEFAULT_INSIGHTS_DAYS)):
            attribute = f"performance_insights_{name}"
            setattr(instance, attribute, asked.get(attribute) or getattr(instance, attribute, default))


@replaces(RDSResponse, "describe_db_parameters")
def parameters_say_who_set_them(stock: Any, self: RDSResponse) -> ActionResult:
    """moto leaves the source of a parameter out; the provider takes one without a source for absent."""
    answer = stock(self)
    parameters = [{**parameter, "Source": "user"} for parameter in answer.result["Parameters"]]
    return ActionResult({"Parameters": parameters})
