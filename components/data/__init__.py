"""What holds data while the platform runs: database, cache, queues."""
