"""What several operators' commands share."""
