"""The servers of the sandbox, and how its stacks are brought up."""
