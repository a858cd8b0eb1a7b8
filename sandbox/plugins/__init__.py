"""Plugins in place of the official ones, which are in no package registry; each is a gRPC server of the engine."""
