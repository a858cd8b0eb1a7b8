"""Keys and secrets, and who may use them."""
