"""The load balancer of a region, its trust store and its WAF."""
