"""The operators' command line: the steps of an incident, in their safe order."""
