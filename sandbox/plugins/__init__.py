"""Stand-ins for the Pulumi plugins that no package registry carries, each a gRPC server the engine starts."""
