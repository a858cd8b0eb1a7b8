"""The morning checklist."""
