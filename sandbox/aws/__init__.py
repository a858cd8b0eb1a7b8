"""An AWS on one machine: moto's server with fixes for this platform, behind a gate that can take a region away."""
