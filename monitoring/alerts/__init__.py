"""The catalogue of alerts: a module for each area, and `catalogue` with all of them."""
