"""`ops recover`: the command over `ops.core.recovery`."""
