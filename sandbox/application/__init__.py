"""The platform's application where no instance boots: it answers from what is declared in the emulated AWS.

What it serves is real: a load balancer that is not declared, a group without instances, a database that is a replica or
that no host may reach, a cache or a queue that is missing are each an answer of 503. What it holds is emulated, in the
memory of one process: canary rows stand for a database's tables, and are gone when it ends; they, and new objects in
buckets, reach their replicas after a lag that is set, not caused; RDS's metric ReplicaLag repeats that lag while rows
are on their way, is 0 once all have arrived, and is -1, as RDS has it, while nothing is replicated.
"""
