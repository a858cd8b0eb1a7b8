"""What a change does to the stacks, before it is made: `ops preview`."""
