"""Disaster recovery: the standby is activated, traffic is flipped, and all goes back."""
