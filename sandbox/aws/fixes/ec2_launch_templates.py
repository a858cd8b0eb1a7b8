"""EC2 launch templates: what their versions hold."""

from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import parse_user_data

from sandbox.aws.fixes.fix import replaces


@replaces(LaunchTemplate, "create_version")
def version_holds_what_was_asked(
    stock: Any, self: LaunchTemplate, data: dict[str, Any], description: str
) -> LaunchTemplateVersion:
    """moto writes the template's own tags into its first version, and cannot launch from any other with user data."""
    asked = dict(data)
    if "TagSpecifications" in asked:
        asked["TagSpecifications"] = [
            tags for tags in asked["TagSpecifications"] if tags["ResourceType"] != "launch-template"
        ]
    if isinstance(asked.get("UserData"), str):
        asked["UserData"] = parse_user_data(asked["UserData"])
    version: LaunchTemplateVersion = stock(self, asked, description)
    return version
