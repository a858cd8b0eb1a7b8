"""The components of the platform: one in each file, in a folder for each area."""
