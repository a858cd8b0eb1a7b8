"""An AWS on one machine: moto's server, taught what this platform needs, behind a gate that can take a region away."""
