"""What runs on the instances: one folder for each role of the table in `hosts.roles`."""
