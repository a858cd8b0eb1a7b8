"""EC2's defaults of a region: instance metadata, and who may share snapshots."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from sandbox.aws.fixes.fix import replaces

UNSET = ("no-preference", "-1")
METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")
UNBLOCKED = "unblocked"


def _of(response: EC2Response) -> dict[str, Any]:
    """The defaults of the request's region."""
    defaults: dict[str, Any] = vars(response.ec2_backend).setdefault("region_defaults", {})
    return defaults


@replaces(EC2Response, "modify_instance_metadata_defaults")
def metadata_defaults_change(stock: Any, self: EC2Response) -> ActionResult:
    """moto has no defaults of instance metadata."""
    kept = _of(self).setdefault("metadata", {})
    for name in METADATA:
        value = self._get_param(name)
        if str(value) in UNSET:
            kept.pop(name, None)
        elif value is not None:
            kept[name] = value
    return ActionResult({"Return": True})


@replaces(EC2Response, "get_instance_metadata_defaults")
def metadata_defaults_read_back(stock: Any, self: EC2Response) -> ActionResult:
    """moto has no defaults of instance metadata."""
    return ActionResult({"AccountLevel": _of(self).get("metadata", {})})


@replaces(EC2Response, "enable_snapshot_block_public_access")
def snapshots_are_blocked(stock: Any, self: EC2Response) -> ActionResult:
    """moto knows no block of public snapshots."""
    _of(self)["snapshots"] = self._get_param("State")
    return ActionResult({"State": _of(self)["snapshots"]})


@replaces(EC2Response, "disable_snapshot_block_public_access")
def snapshots_are_unblocked(stock: Any, self: EC2Response) -> ActionResult:
    """moto knows no block of public snapshots."""
    _of(self).pop("snapshots", None)
    return ActionResult({"State": UNBLOCKED})


@replaces(EC2Response, "get_snapshot_block_public_access_state")
def block_of_snapshots_reads_back(stock: Any, self: EC2Response) -> ActionResult:
    """moto knows no block of public snapshots."""
    return ActionResult({"State": _of(self).get("snapshots", UNBLOCKED)})
