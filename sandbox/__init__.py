"""The whole platform on one machine: the engine, its plugins and the emulated clouds, without an account."""
