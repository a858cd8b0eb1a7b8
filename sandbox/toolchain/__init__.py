"""The engine and its plugins: the official ones if available, else ones built from package registries."""
