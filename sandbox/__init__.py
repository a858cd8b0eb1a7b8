"""The whole platform on one machine: the engine, its plugins and the clouds they call, without an account."""
