"""The monitoring host's files that are generated from the catalogue of alerts and from the targets."""
