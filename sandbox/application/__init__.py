"""The platform's application if no instance boots: it answers from what is declared in the emulated AWS.

Its health is real: an undeclared load balancer, a group without instances, a database that is a replica or unreachable
from hosts, a missing cache or queue each cause a 503. Its data are emulated, in the memory of one process: canary rows
represent a database's tables, and are lost when it ends. Rows, and new objects in buckets, reach their replicas after a
configured lag. RDS's metric ReplicaLag equals that lag while rows are in transit, is 0 once all have arrived, and is
-1, as in RDS, while nothing is replicated.
"""
