"""What is watched and who is told: pure data, and the texts that monitoring programs read."""
