"""Scenes of policies/database.py and policies/cache.py."""

from policies import cache, database
from policies.values import UNKNOWN, Secret
from tests.policies.scenes import AT, AWAY, ELSEWHERE, HOME, UNSET, Case, Made, each, values

DATABASE = Made(
    type=database.INSTANCE,
    props={
        "autoMinorVersionUpgrade": True,
        "backupRetentionPeriod": 14,
        "copyTagsToSnapshot": True,
        "deletionProtection": True,
        "enabledCloudwatchLogsExports": ["audit", "error", "slowquery"],
        "iamDatabaseAuthenticationEnabled": True,
        "monitoringInterval": 1,
        "multiAz": True,
        "password": Secret("correct horse"),
        "publiclyAccessible": False,
        "storageEncrypted": True,
        "username": "askproai",
    },
)
REPLICA = Made(
    type=database.INSTANCE,
    props={"kmsKeyId": f"arn:aws:kms:{HOME}:1:key/a", "replicateSourceDb": f"arn:aws:rds:{AWAY}:1:db:a"},
)
OF_A_REPLICA = {"replicateSourceDb": UNKNOWN}
PARAMETERS = Made(type=database.PARAMETERS, props={"parameters": [{"name": "require_secure_transport", "value": "1"}]})
SWITCHES = {
    database.database_encrypted: "storageEncrypted",
    database.database_patched: "autoMinorVersionUpgrade",
    database.database_iam_login: "iamDatabaseAuthenticationEnabled",
    database.database_snapshots_tagged: "copyTagsToSnapshot",
}
CACHE = Made(
    type=cache.GROUP,
    props={
        "atRestEncryptionEnabled": True,
        "authToken": Secret("correct horse"),
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "replicasPerNodeGroup": 1,
        "snapshotRetentionLimit": 1,
        "subnetGroupName": "ours",
        "transitEncryptionEnabled": True,
    },
)

CASES = (
    *(
        Case(rule=rule, it=DATABASE, fires=values(path, False, UNSET), undecided=values(path, UNKNOWN))
        for rule, path in SWITCHES.items()
    ),
    Case(
        rule=database.database_copy_key_local,
        it=REPLICA,
        fires=(*values("kmsKeyId", UNSET, f"arn:aws:kms:{AWAY}:1:key/a", "alias/ours"), {AT: AWAY}),
        passes=({"replicateSourceDb": UNSET, "kmsKeyId": UNSET},),
        undecided=values("kmsKeyId", UNKNOWN),
    ),
    Case(
        rule=database.database_copy_key_local,
        it=Made(type=database.KEPT_BACKUPS, props={"kmsKeyId": f"arn:aws:kms:{HOME}:1:key/a"}),
        fires=values("kmsKeyId", UNSET, f"arn:aws:kms:{ELSEWHERE}:1:key/a"),
    ),
    Case(
        rule=database.database_private,
        it=DATABASE,
        fires=values("publiclyAccessible", True, UNSET),
        undecided=values("publiclyAccessible", UNKNOWN),
    ),
    Case(
        rule=database.database_multi_az,
        it=DATABASE,
        fires=values("multiAz", False, UNSET),
        passes=({"multiAz": False, **OF_A_REPLICA},),
        undecided=values("multiAz", UNKNOWN),
    ),
    Case(
        rule=database.database_backups_kept,
        it=DATABASE,
        fires=values("backupRetentionPeriod", UNSET, None, 0, 13, True),
        passes=values("backupRetentionPeriod", 14, 35),
        undecided=values("backupRetentionPeriod", UNKNOWN),
    ),
    Case(
        rule=database.database_deletion_protected,
        it=DATABASE,
        fires=(*values("deletionProtection", False, UNSET), {"skipFinalSnapshot": True}),
        passes=({"skipFinalSnapshot": True, **OF_A_REPLICA}, {"skipFinalSnapshot": False}),
        undecided=values("deletionProtection", UNKNOWN),
    ),
    Case(
        rule=database.database_logs_exported,
        it=DATABASE,
        fires=values("enabledCloudwatchLogsExports", UNSET, [], ["error", "slowquery"]),
        passes=values("enabledCloudwatchLogsExports", ["audit", "error", "general", "slowquery"]),
        undecided=values("enabledCloudwatchLogsExports", UNKNOWN),
    ),
    Case(
        rule=database.database_monitored,
        it=DATABASE,
        fires=values("monitoringInterval", UNSET, 0),
        passes=values("monitoringInterval", 60),
        undecided=values("monitoringInterval", UNKNOWN),
    ),
    Case(
        rule=database.database_username_unusual,
        it=DATABASE,
        fires=values("username", UNSET, "admin", "Root"),
        passes=({"username": UNSET, **OF_A_REPLICA},),
        undecided=values("username", UNKNOWN),
    ),
    Case(
        rule=database.database_tls_required,
        it=PARAMETERS,
        fires=(
            *values("parameters", UNSET, [], [{"name": "max_connections", "value": "1"}]),
            *values("parameters.0.value", "0", "OFF", UNSET),
        ),
        passes=values("parameters.0.value", "ON", "1"),
        undecided=values("parameters", UNKNOWN),
    ),
    Case(
        rule=database.database_password_secret,
        it=DATABASE,
        fires=values("password", UNSET, "correct horse", UNKNOWN),
        passes=(
            {"password": Secret(UNKNOWN)},
            {"password": UNSET, "manageMasterUserPassword": True},
            {"password": UNSET, **OF_A_REPLICA},
        ),
    ),
    *(
        Case(rule=rule, it=CACHE, fires=values(path, False, UNSET), undecided=values(path, UNKNOWN))
        for rule, path in {
            cache.cache_tls_required: "transitEncryptionEnabled",
            cache.cache_encrypted: "atRestEncryptionEnabled",
        }.items()
    ),
    Case(
        rule=cache.cache_multi_az,
        it=CACHE,
        fires=(
            *each("automaticFailoverEnabled", "multiAzEnabled", "replicasPerNodeGroup", value=UNSET),
            *each("automaticFailoverEnabled", "multiAzEnabled", value=False),
            {"replicasPerNodeGroup": 0},
            {"replicasPerNodeGroup": UNSET, "numCacheClusters": 1},
        ),
        passes=({"replicasPerNodeGroup": UNSET, "numCacheClusters": 2},),
        undecided=values("replicasPerNodeGroup", UNKNOWN),
    ),
    Case(
        rule=cache.cache_snapshots_kept,
        it=CACHE,
        fires=values("snapshotRetentionLimit", UNSET, 0),
        undecided=values("snapshotRetentionLimit", UNKNOWN),
    ),
    Case(
        rule=cache.cache_login_required,
        it=CACHE,
        fires=values("authToken", UNSET, ""),
        passes=({"authToken": UNSET, "userGroupIds": ["a"]}, {"authToken": UNKNOWN}),
    ),
    Case(
        rule=cache.cache_own_subnets,
        it=CACHE,
        fires=values("subnetGroupName", UNSET, "default"),
        passes=values("subnetGroupName", UNKNOWN),
    ),
)
