"""`ops preview`: what a change would do to the stacks."""
