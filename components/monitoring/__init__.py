"""The monitoring of a region: alarms, dashboard, log archive and the monitoring host's inputs."""
