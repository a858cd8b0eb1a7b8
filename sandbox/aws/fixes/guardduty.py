"""GuardDuty: the features of a detector."""

from typing import Any

from moto.guardduty.models import Detector

from sandbox.aws.fixes.fix import replaces


@replaces(Detector, "update")
def features_that_are_not_named_stay(stock: Any, self: Detector, *args: Any) -> None:
    """moto forgets the features that a change does not name."""
    before = {each["name"]: each for each in self.features}
    stock(self, *args)
    self.features = [*(before | {each["name"]: each for each in self.features}).values()]
