"""The recovery objectives, and how long a failover is expected to take."""
