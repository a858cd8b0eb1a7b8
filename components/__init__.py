"""The platform's parts: one noun a file."""
