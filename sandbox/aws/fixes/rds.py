"""RDS: database instances and their parameter groups."""

import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from sandbox.aws.fixes.fix import replaces

DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"
DEFAULT_INSIGHTS_DAYS = 7
EXTENDED_SUPPORT = "open-source-rds-extended-support"
"""RDS API, CreateDBInstance, EngineLifecycleSupport: the default."""
PAST_SUPPORT = "8.0"
WAITING = ("multi_az", "db_instance_class", "engine_version")
"""RDS User Guide, "Settings for DB instances": changes that wait unless they are applied immediately."""


@replaces(DBInstance, "__init__")
def instance_has_own_resource_id(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto gives every instance the same DbiResourceId, by which the provider finds an instance."""
    stock(self, *args, **kwargs)
    self.dbi_resource_id = f"db-{secrets.token_hex(13).upper()}"


@replaces(DBInstance, "__init__")
def certificate_authority_is_todays(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto defaults to an authority that AWS does not have; the provider corrects it at once, which takes 80 s."""
    stock(self, *args, **{"ca_certificate_identifier": DEFAULT_AUTHORITY} | kwargs)


@replaces(DBInstance, "__init__")
def insights_are_kept(stock: Any, self: DBInstance, *args: Any, **kwargs: Any) -> None:
    """moto does not return the settings of Performance Insights: on or off, key and retention."""
    stock(self, *args, **kwargs)
    _remember_insights(self, kwargs)


@replaces(DBInstance, "update")
def insights_change(stock: Any, self: DBInstance, **kwargs: Any) -> None:
    """The same as `insights_are_kept`, for an instance that is modified."""
    stock(self, **kwargs)
    _remember_insights(self, kwargs)


@replaces(DBInstance, "__init__")
def support_ends_with_the_standard(stock: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """moto forgets the setting for Extended Support, and starts a version whose standard support has ended.

    RDS refuses that without Extended Support (RDS User Guide, "Creating a DB instance with Amazon RDS Extended
    Support"). MySQL 8.0 is past it since 2026-07-31.
    """
    support = kwargs.get("engine_lifecycle_support") or EXTENDED_SUPPORT
    version = str(kwargs.get("engine_version") or "")
    if kwargs.get("engine") == "mysql" and version.startswith(PAST_SUPPORT) and support != EXTENDED_SUPPORT:
        raise InvalidParameterCombination(f"Cannot create DB instance with version {version}: its support has ended.")
    stock(self, *args, **kwargs)
    self.engine_lifecycle_support = support


@replaces(RDSBackend, "create_option_group")
def option_groups_are_of_todays_versions(stock: Any, self: RDSBackend, asked: dict[str, Any]) -> Any:
    """moto's list of versions is from 2022: RDS has option groups of MySQL 8.4 (User Guide, "Options for MySQL")."""
    if (asked["engine_name"], asked["major_engine_version"]) != ("mysql", "8.4"):
        return stock(self, asked)
    made = stock(self, {**asked, "major_engine_version": "8.0"})
    made.major_engine_version = "8.4"
    return made


def _remember_insights(instance: Any, asked: dict[str, Any]) -> None:
    if asked.get("enable_performance_insights") is not None:
        instance.performance_insights_enabled = asked["enable_performance_insights"]
    if getattr(instance, "performance_insights_enabled", False):
        for name, default in (("kms_key_id", None), ("retention_period", DEFAULT_INSIGHTS_DAYS)):
            attribute = f"performance_insights_{name}"
            setattr(instance, attribute, asked.get(attribute) or getattr(instance, attribute, default))


@replaces(RDSResponse, "describe_db_parameters")
def parameters_say_who_set_them(stock: Any, self: RDSResponse) -> ActionResult:
    """moto omits the source of a parameter; the provider treats one without a source as absent."""
    answer = stock(self)
    parameters = [{**parameter, "Source": "user"} for parameter in answer.result["Parameters"]]
    return ActionResult({"Parameters": parameters})


@replaces(RDSBackend, "modify_db_instance")
def changes_wait_for_the_window(stock: Any, self: RDSBackend, identifier: str, asked: dict[str, Any]) -> DBInstance:
    """moto changes everything immediately; RDS lets these wait for the maintenance window, which never comes here."""
    if not asked.get("apply_immediately"):
        asked = {name: value for name, value in asked.items() if name not in WAITING}
    changed: DBInstance = stock(self, identifier, asked)
    return changed
