"""All rules of the pack."""

from policies import (
    audit,
    cache,
    compute,
    database,
    edge,
    monitoring,
    network,
    queues,
    recovery,
    regions,
    security,
    storage,
    web,
)
from policies.rule import Rule

AREAS = (database, cache, queues, storage, compute, network, web, security, monitoring, audit, recovery, regions, edge)

RULES: tuple[Rule, ...] = tuple(each for area in AREAS for each in area.POLICIES)
