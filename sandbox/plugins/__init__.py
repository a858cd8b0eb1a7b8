"""Replacements of the official plugins, which are in no package registry; each is a gRPC server for the engine."""
