"""The live data stores: database, cache, queues."""
