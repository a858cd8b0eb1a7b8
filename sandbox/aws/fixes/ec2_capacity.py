"""EC2: instances that do not start without capacity."""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import InstanceBackend, Reservation

from sandbox.aws.capacity import CAPACITY
from sandbox.aws.fixes.fix import replaces

STARTED = ("pending", "running")
"""States in which an instance uses capacity (EC2 User Guide, "Instance lifecycle"): a stopped one needs it again."""


class NoCapacityError(EC2ClientError):
    """EC2 API, "Error codes": InsufficientInstanceCapacity."""

    code = "InsufficientInstanceCapacity"
    message = (
        "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). "
        "Our system will be working on provisioning additional capacity."
    )


def room(backend: Any) -> int | None:
    """How many more instances can start in a backend's region; None without a limit."""
    limit = CAPACITY.get(backend.region_name)
    if limit is None:
        return None
    return max(0, limit - sum(instance.state in STARTED for instance in backend.all_instances()))


@replaces(InstanceBackend, "run_instances")
def instances_need_capacity(stock: Any, self: Any, image: str, count: int, *args: Any, **asked: Any) -> Reservation:
    """moto has capacity for any number of instances."""
    left = room(self)
    if left is not None and left < count:
        subnet = asked.get("subnet_id")
        zone = self.get_subnet(subnet).availability_zone if subnet else asked.get("placement") or self.region_name
        raise NoCapacityError(instance_type=asked.get("instance_type"), zone=zone)
    started: Reservation = stock(self, image, count, *args, **asked)
    return started
