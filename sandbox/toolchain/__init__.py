"""The engine and its plugins: the official ones where they can be had, else ones built from package registries."""
