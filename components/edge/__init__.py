"""The parts of the edge: Cloudflare in front of both regions."""
