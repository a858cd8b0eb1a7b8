"""The drill: a region of the sandbox is lost and comes back, with everything measured."""
