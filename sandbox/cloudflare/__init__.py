"""A Cloudflare on one machine: its v4 API with state and faults on demand, and the edge that its records define."""
