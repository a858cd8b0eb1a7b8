"""What `pulumi destroy` leaves of a region, because AWS refuses to delete it or a backup needs it."""

from regions import altered, region

from components.protection import OUTLIVING

DATABASE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
NAMED = ("aws:backup/vault:Vault", "aws:rds/optionGroup:OptionGroup")
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
VPC = "aws:ec2/vpc:Vpc"


def test_it_is_what_the_operator_is_told() -> None:
    kinds = {record.type for record in region("prod").resources if record.retain_on_delete}
    assert kinds - {LOG_GROUP} == OUTLIVING.keys()


def test_the_next_deployment_meets_nothing_of_its_own_names() -> None:
    cloud = altered()
    vpc = cloud.one(VPC).urn.rpartition("::")[2]
    left = [record for record in cloud.resources if record.retain_on_delete and record.type in NAMED]
    assert {record.type for record in left} == set(NAMED)
    assert [record.inputs["name"] for record in left if not record.inputs["name"].endswith(f"-vpc-{vpc}")] == []


def test_the_keys_of_what_is_left_are_left_too() -> None:
    cloud = region("prod")
    kept = [key for kind in (KEY, REPLICA_KEY) for key in cloud.of(kind) if key.retain_on_delete]
    assert {key.name for key in kept} == {"keys-data", "keys-storage", "offsite-keys-storage"}
    database = cloud.one(DATABASE)
    needed = {database.inputs["kmsKeyId"], *(vault.inputs["kmsKeyArn"] for vault in cloud.of(NAMED[0]))}
    assert {arn.rpartition("key-")[2] for arn in needed} <= {key.name for key in kept}


def test_a_dropped_database_leaves_its_logs_and_a_destroyed_stack_does_not() -> None:
    assert {group.name for group in region("prod").of(LOG_GROUP) if group.retain_on_delete} == {
        f"database-{log}-log" for log in ("audit", "error", "slowquery")
    }
    assert [group.name for group in altered().of(LOG_GROUP) if group.retain_on_delete] == []
