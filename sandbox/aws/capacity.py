"""How many instances there is room for in a region: set by the sandbox's own path, read by EC2."""

CAPACITY: dict[str, int] = {}
"""By region: no more instances than that run at once; a region that is not named has room for all."""
