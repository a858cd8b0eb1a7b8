"""The instances: Auto Scaling groups, their roles and what they run."""
