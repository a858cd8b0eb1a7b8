"""EC2 images: those that Systems Manager names."""

from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend
from moto.ssm.models import ssm_backends

from sandbox.aws.fixes.fix import replaces

IMAGE = "aws:ec2:image"
"""Systems Manager's type of a parameter that holds an image."""


@replaces(AmiBackend, "describe_images")
def images_of_public_parameters_exist(stock: Any, self: Any, ami_ids: list[str] | None = None, **asked: Any) -> Any:
    """moto knows no image that a public parameter names."""
    parameters = ssm_backends[self.account_id][self.region_name]._parameters
    named = {versions[-1].value: name for name, versions in parameters.items() if versions[-1].data_type == IMAGE}
    for image in ami_ids or []:
        if image in named and image not in self.amis:
            self.amis[image] = Ami(self, image, name=named[image], public=True, region_name=f"{self.region_name}a")
    return stock(self, ami_ids, **asked)
