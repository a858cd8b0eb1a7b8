"""The load balancer of a region, and what guards it."""
