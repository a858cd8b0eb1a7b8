"""The operators' command line: what is done in an incident, in the order in which it is safe."""
