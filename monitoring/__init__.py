"""What is watched and who is notified: pure data, and the files of the monitoring programs."""
