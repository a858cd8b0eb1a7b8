"""Rotation of secrets: in both regions, on the database and in the cache, and on the hosts that use them."""
