"""Disaster recovery: activate the standby, flip traffic, and fail back."""
