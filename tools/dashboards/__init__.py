"""Renders the dashboards: as Grafana's files with its SDK, and as pictures from the answers of a real Prometheus."""
