"""The capacity of a region: set through the sandbox's own path, read by EC2."""

CAPACITY: dict[str, int] = {}
"""The maximum number of running instances by region; other regions have no limit."""
