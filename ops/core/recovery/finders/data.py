"""Finders of data stores: databases, caches, buckets, queues, keys and secrets."""

from ops.core.aws import GONE_KEYS, if_present, living_keys
from ops.core.recovery.finders.wanted import Finder, Wanted, by_name, listing, same, waiter

DATABASE_SECONDS = 3600
"""Terraform's provider, aws_db_instance: create within 40 minutes; a replica of another region takes longer."""
CACHE_SECONDS = 3600
"""Terraform's provider, aws_elasticache_replication_group: create within 60 minutes."""


def _bucket(wanted: Wanted) -> list[str]:
    name = wanted["bucket"]
    # A bucket of that name in another account is an error (403), which ends the search.
    return [] if if_present(lambda: wanted.aws("s3").head_bucket(Bucket=name)) is None else [name]


def _queue(wanted: Wanted) -> list[str]:
    found = if_present(lambda: wanted.aws("sqs").get_queue_url(QueueName=wanted["name"]))
    return [found["QueueUrl"]] if found else []


def _replica_key(wanted: Wanted) -> list[str]:
    """A replica has its primary's identifier."""
    identifier = wanted["primaryKeyArn"].rpartition("/")[2]
    found = if_present(lambda: wanted.aws("kms").describe_key(KeyId=identifier)["KeyMetadata"])
    return [identifier] if found and found["KeyState"] not in GONE_KEYS else []


DATA = {
    "aws:rds/instance:Instance": by_name(
        "rds", "describe_db_instances", "DBInstanceIdentifier", key="identifier",
        by="identifier",
        # The state's identifier is the permanent one from AWS, not the one that we choose.
        form="{identifier}",
        settled=waiter("rds", "db_instance_available", "DBInstanceIdentifier", seconds=DATABASE_SECONDS),
    ),
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": listing(
        "rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackupsArn",
        matches=lambda wanted, row: row.get("DBInstanceArn") == wanted["sourceDbInstanceArn"],
        states=("replicating",),
        by="source",
    ),
    "aws:rds/optionGroup:OptionGroup": by_name("rds", "describe_option_groups", "OptionGroupName"),
    "aws:rds/parameterGroup:ParameterGroup": by_name("rds", "describe_db_parameter_groups", "DBParameterGroupName"),
    "aws:rds/subnetGroup:SubnetGroup": by_name("rds", "describe_db_subnet_groups", "DBSubnetGroupName"),
    "aws:elasticache/replicationGroup:ReplicationGroup": by_name(
        "elasticache", "describe_replication_groups", "ReplicationGroupId", key="replicationGroupId",
        by="identifier",
        settled=waiter("elasticache", "replication_group_available", "ReplicationGroupId", seconds=CACHE_SECONDS),
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": by_name(
        "elasticache", "describe_cache_parameter_groups", "CacheParameterGroupName"
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": by_name(
        "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroupName"
    ),
    "aws:s3/bucket:Bucket": Finder(search=_bucket, by="name, in our account"),
    "aws:sqs/queue:Queue": Finder(search=_queue),
    "aws:secretsmanager/secret:Secret": listing(
        "secretsmanager", "list_secrets", "ARN",
        lambda wanted: {"Filters": [{"Key": "name", "Values": [wanted["name"]]}]},
        lambda wanted, row: row["Name"] == wanted["name"] and not row.get("DeletedDate"),
        by="name, and not on its way out",
    ),
    # Keys have no names, and an alias is created after its key, so only the tag identifies it.
    "aws:kms/key:Key": Finder(
        search=lambda wanted: living_keys(wanted.aws("kms"), wanted.name_tag), by="tag Name, and not on its way out"
    ),
    "aws:kms/replicaKey:ReplicaKey": Finder(search=_replica_key, by="identifier of its primary"),
    "aws:kms/alias:Alias": listing("kms", "list_aliases", "AliasName", matches=same(AliasName="name")),
    "aws:cloudwatch/logGroup:LogGroup": by_name("logs", "describe_log_groups", "logGroupNamePrefix", "logGroupName"),
}  # fmt: skip
