"""What runs on the instances: one folder for each role in `hosts.roles`."""
