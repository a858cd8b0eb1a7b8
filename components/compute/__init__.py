"""The instances: Auto Scaling groups, their roles and their software."""
