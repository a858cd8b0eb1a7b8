"""What the declared resources cost a month at AWS's list prices, where a price is known."""
