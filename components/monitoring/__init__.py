"""The alarms of a region."""
