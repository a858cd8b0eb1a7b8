"""The VPC of a region: subnets, routes, endpoints, and which traffic is allowed."""
