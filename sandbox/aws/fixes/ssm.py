"""Systems Manager: the public parameters of images, and the targets of a command."""

import hashlib
import re
from typing import Any

from moto.core.utils import utcnow
from moto.ssm.models import Command, Parameter, ParameterDict

from sandbox.aws.agents import AGENTS
from sandbox.aws.fixes.fix import replaces

UBUNTU_IMAGE = re.compile(
    r"/aws/service/canonical/ubuntu/server/\d\d\.\d\d/stable/current/(amd64|arm64)/hvm/ebs-(gp2|gp3)/ami-id"
)


@replaces(ParameterDict, "_check_loading_status")
def ubuntu_images_are_published(stock: Any, self: ParameterDict, key: str) -> None:
    """moto publishes only Amazon's own images; the instances of this platform run Ubuntu."""
    stock(self, key)
    name = key or ""
    if UBUNTU_IMAGE.fullmatch(name) and not dict.__contains__(self, name):
        digest = hashlib.sha256(f"{self.region_name}{name}".encode()).hexdigest()
        image: Any = Parameter(
            account_id=self.account_id,
            name=name,
            value=f"ami-{digest[:17]}",
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow(),
            version=1,
            data_type="aws:ec2:image",
        )
        dict.__setitem__(self, name, [image])


@replaces(Command, "_get_instance_ids_from_targets")
def a_command_reaches_the_instances_it_names(stock: Any, self: Command) -> list[str]:
    """moto sends a command that names instances, and no targets, to every instance of the region as well.

    SendCommand takes either (API reference: `InstanceIds`, or `Targets` where there are more than 50).
    """
    return stock(self) if self.targets else []


@replaces(Command, "invocation_response")
def a_command_ends_when_the_booted_instance_has_run_it(
    stock: Any, self: Command, instance_id: str, plugin_name: str
) -> dict[str, Any]:
    """moto reports success immediately, and runs no command."""
    invocation: dict[str, Any] = stock(self, instance_id, plugin_name)
    AGENTS.send(invocation, self.parameters.get("commands", []))
    return invocation
