"""What Grafana shows: pure data, and its rendering as the files that Grafana reads."""
