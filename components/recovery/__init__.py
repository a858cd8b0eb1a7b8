"""Backups, and the copies in the other region."""
