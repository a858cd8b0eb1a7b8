"""What the declared resources cost a month at AWS's list prices, where a price is known."""

from ops.prices.estimate import Estimate, monthly

__all__ = ["Estimate", "monthly"]
