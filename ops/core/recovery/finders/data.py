"""How what holds data is found: databases, caches, buckets, queues, keys and secrets."""

from ops.core.aws import absent
from ops.core.recovery.finders.wanted import Finder, Wanted, among, by_name, listed, waiter

DATABASE_SECONDS = 3600
"""Terraform's provider, aws_db_instance: create within 40 minutes; a replica of another region takes longer."""
CACHE_SECONDS = 3600
"""Terraform's provider, aws_elasticache_replication_group: create within 60 minutes."""
GONE_KEYS = ("PendingDeletion", "PendingReplicaDeletion")


def _bucket(wanted: Wanted) -> list[str]:
    from botocore.exceptions import ClientError

    name = wanted["bucket"]
    try:
        # A bucket of that name in another account is an error (403), and ends the search with it.
        wanted.aws("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if absent(error):
            return []
        raise
    return [name]


def _queue(wanted: Wanted) -> list[str]:
    from botocore.exceptions import ClientError

    try:
        return [wanted.aws("sqs").get_queue_url(QueueName=wanted["name"])["QueueUrl"]]
    except ClientError as error:
        if absent(error):
            return []
        raise


def _secret(wanted: Wanted) -> list[str]:
    rows = listed(
        wanted, "secretsmanager", "list_secrets", "SecretList", Filters=[{"Key": "name", "Values": [wanted["name"]]}]
    )
    return [row["ARN"] for row in rows if row["Name"] == wanted["name"] and not row.get("DeletedDate")]


def _key(wanted: Wanted) -> list[str]:
    """Keys have no name of their own, and an alias comes after them: the tag is all there is."""
    kms = wanted.aws("kms")
    found = []
    for row in listed(wanted, "kms", "list_keys", "Keys"):
        described = kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"]
        if described["KeyManager"] == "AWS" or described["KeyState"] in GONE_KEYS:
            continue
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=row["KeyId"])["Tags"]}
        if tags.get("Name") == wanted.name_tag:
            found.append(row["KeyId"])
    return found


def _replica_key(wanted: Wanted) -> list[str]:
    """A replica has the identifier of its primary."""
    from botocore.exceptions import ClientError

    identifier = wanted["primaryKeyArn"].rpartition("/")[2]
    try:
        described = wanted.aws("kms").describe_key(KeyId=identifier)["KeyMetadata"]
    except ClientError as error:
        if absent(error):
            return []
        raise
    return [] if described["KeyState"] in GONE_KEYS else [identifier]


def _log_group(wanted: Wanted) -> list[str]:
    rows = listed(wanted, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=wanted["name"])
    return [row["logGroupName"] for row in rows if row["logGroupName"] == wanted["name"]]


DATA = {
    "aws:rds/instance:Instance": Finder(
        find=by_name(
            "rds", "describe_db_instances", "DBInstanceIdentifier", "DBInstances", "DBInstanceIdentifier",
            named="identifier",
        ),
        by="identifier",
        # The state's identifier is the one that AWS gives for good, not the one we choose.
        identified=lambda resource: str(resource["inputs"].get("identifier")),
        settled=waiter("rds", "db_instance_available", "DBInstanceIdentifier", seconds=DATABASE_SECONDS),
    ),
    "aws:rds/optionGroup:OptionGroup": Finder(
        find=by_name("rds", "describe_option_groups", "OptionGroupName", "OptionGroupsList", "OptionGroupName"),
        by="name",
    ),
    "aws:rds/parameterGroup:ParameterGroup": Finder(
        find=by_name(
            "rds", "describe_db_parameter_groups", "DBParameterGroupName", "DBParameterGroups", "DBParameterGroupName"
        ),
        by="name",
    ),
    "aws:rds/subnetGroup:SubnetGroup": Finder(
        find=by_name("rds", "describe_db_subnet_groups", "DBSubnetGroupName", "DBSubnetGroups", "DBSubnetGroupName"),
        by="name",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Finder(
        find=by_name(
            "elasticache", "describe_replication_groups", "ReplicationGroupId", "ReplicationGroups",
            "ReplicationGroupId", named="replicationGroupId",
        ),
        by="identifier",
        settled=waiter("elasticache", "replication_group_available", "ReplicationGroupId", seconds=CACHE_SECONDS),
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Finder(
        find=by_name(
            "elasticache", "describe_cache_parameter_groups", "CacheParameterGroupName", "CacheParameterGroups",
            "CacheParameterGroupName",
        ),
        by="name",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Finder(
        find=by_name(
            "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroupName", "CacheSubnetGroups",
            "CacheSubnetGroupName",
        ),
        by="name",
    ),
    "aws:s3/bucket:Bucket": Finder(find=_bucket, by="name, in our account"),
    "aws:sqs/queue:Queue": Finder(find=_queue, by="name"),
    "aws:secretsmanager/secret:Secret": Finder(find=_secret, by="name, and not on its way out"),
    "aws:kms/key:Key": Finder(find=_key, by="tag Name, and not on its way out"),
    "aws:kms/replicaKey:ReplicaKey": Finder(find=_replica_key, by="identifier of its primary"),
    "aws:kms/alias:Alias": Finder(
        find=among(
            "kms", "list_aliases", "Aliases", "AliasName", lambda wanted, row: row["AliasName"] == wanted["name"]
        ),
        by="name",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Finder(find=_log_group, by="name"),
}  # fmt: skip
