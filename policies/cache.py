"""The cache: encrypted, private, and available after a zone is lost."""

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, rule

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"

NODES_FLOOR = 2
SNAPSHOT_DAYS_FLOOR = 1
DEFAULT_SUBNETS = "default"
"""ElastiCache's default subnet group, in the account's default VPC."""


@rule(
    on=GROUP, severity=HIGH, controls="FSBP ElastiCache.5; PCI 4.2.1 (own); GDPR 32 (own)",
    remedy="Set transit_encryption_enabled.",
)  # fmt: skip
def cache_tls_required(cache: Resource) -> Findings:
    """A cache requires TLS."""
    return cache.wants("transitEncryptionEnabled", True)


@rule(
    on=GROUP, severity=HIGH, controls="FSBP ElastiCache.4; PCI 3.5.1 (own); GDPR 32 (own)",
    remedy="Set at_rest_encryption_enabled.",
)  # fmt: skip
def cache_encrypted(cache: Resource) -> Findings:
    """A cache is encrypted at rest."""
    return cache.wants("atRestEncryptionEnabled", True)


@rule(
    on=GROUP, severity=HIGH, controls="FSBP ElastiCache.3; GDPR 32 (own)",
    remedy="Set automatic_failover_enabled and multi_az_enabled, and give each shard a replica.",
)  # fmt: skip
def cache_multi_az(cache: Resource) -> Findings:
    """Each shard of a cache has a replica in another zone and fails over automatically."""
    yield from cache.wants("automaticFailoverEnabled", True)
    yield from cache.wants("multiAzEnabled", True)
    replicas = cache.get("replicasPerNodeGroup")
    nodes = cache.get("numCacheClusters") if replicas is None else 1 + replicas
    if not isinstance(nodes, int) or nodes < NODES_FLOOR:
        yield Finding(f"{nodes or 'no number of'} nodes a shard", f"{NODES_FLOOR} nodes a shard at least")


@rule(
    on=GROUP, severity=MEDIUM, controls="FSBP ElastiCache.1; PCI 10.3.3; GDPR 32 (own)",
    remedy="Set cache.snapshot_retention_days.",
)  # fmt: skip
def cache_snapshots_kept(cache: Resource) -> Findings:
    """A cache's snapshots are kept."""
    return cache.wants_at_least("snapshotRetentionLimit", SNAPSHOT_DAYS_FLOOR)


@rule(
    on=GROUP, severity=MEDIUM, controls="FSBP ElastiCache.6; PCI 8.2 (own)",
    remedy="Set auth_token or user_group_ids.",
)  # fmt: skip
def cache_login_required(cache: Resource) -> Findings:
    """A cache authenticates its clients."""
    return cache.wants_any("authToken", "userGroupIds")


@rule(
    on=GROUP, severity=HIGH, controls="FSBP ElastiCache.7; PCI 1.4 (own)",
    remedy="Set subnet_group_name to a group of the data subnets.",
)  # fmt: skip
def cache_own_subnets(cache: Resource) -> Findings:
    """A cache is in our own subnets, not in those of the default VPC."""
    if not cache.has("subnetGroupName"):
        yield Finding("subnetGroupName not set", "a subnet group of our own")
    # A name that is unknown until the update belongs to a group that the program creates.
    elif cache.raw("subnetGroupName") == DEFAULT_SUBNETS:
        yield Finding(f"subnetGroupName {DEFAULT_SUBNETS}", "a subnet group of our own")


POLICIES = (
    cache_tls_required,
    cache_encrypted,
    cache_multi_az,
    cache_snapshots_kept,
    cache_login_required,
    cache_own_subnets,
)
