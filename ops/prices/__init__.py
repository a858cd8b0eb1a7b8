"""The monthly cost of the declared resources at AWS's list prices, where a price is known."""
