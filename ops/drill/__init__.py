"""The drill: a region of the sandbox is lost and comes back, and everything is measured."""
