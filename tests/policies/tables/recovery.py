"""Scenes of policies/recovery.py, policies/regions.py and policies/audit.py."""

from policies import audit, recovery, regions
from policies.values import UNKNOWN
from tests.policies.scenes import (
    AT,
    AWAY,
    CALLED,
    ELSEWHERE,
    GONE,
    HOME,
    STANDBY,
    UNSET,
    WITHIN,
    Case,
    Change,
    Made,
    in_both,
    values,
)

VAULT_AWAY, VAULT_HOME = f"arn:aws:backup:{AWAY}:1:backup-vault:a", f"arn:aws:backup:{HOME}:1:backup-vault:a"
VAULT = "rules.0.copyActions.0.destinationVaultArn"
RULES = [{"ruleName": "hourly", "schedule": "cron(0 * ? * * *)", "copyActions": [{"destinationVaultArn": VAULT_AWAY}]}]
PLAN = Made(type=recovery.PLAN, props={"rules": RULES})
MONTH = {"lifecycle": {"deleteAfter": 30}}
DAILY = {
    "ruleName": "daily",
    "schedule": "cron(0 5 ? * * *)",
    "copyActions": [{"destinationVaultArn": VAULT_AWAY, **MONTH}],
    **MONTH,
}
DATABASE = Made(type=recovery.DATABASE)
SELECTION = Made(type=recovery.SELECTION, links={"resources": "it", "planId": "plan"})
SECRET = Made(type=recovery.SECRET, props={"replicas": [{"region": AWAY, "kmsKeyId": UNKNOWN}]})
QUEUE = Made(type=regions.QUEUE, props={"name": "a"})
TRAIL = Made(
    type=audit.TRAIL,
    props={
        "cloudWatchLogsGroupArn": UNKNOWN,
        "enableLogFileValidation": True,
        "eventSelectors": [{"dataResources": [{"type": "AWS::S3::Object", "values": [UNKNOWN]}]}],
        "isMultiRegionTrail": True,
        "kmsKeyId": UNKNOWN,
    },
)
EVENTS = {
    f"event-{number}": Made(
        type=audit.METRIC_FILTER,
        props={"pattern": f'{{ $.event = "{word}" }}', "metricTransformation": {"namespace": "Events", "name": word}},
    )
    for number, word in enumerate(audit.WATCHED_EVENTS.values())
}
RUNG = {
    f"alarm-{number}": Made(
        type=audit.ALARM, props={"namespace": "Events", "metricName": word, "alarmActions": [UNKNOWN]}
    )
    for number, word in enumerate(audit.WATCHED_EVENTS.values())
}
TOLD = {
    **in_both("rule", audit.EVENT_RULE, eventPattern='{"source": ["aws.securityhub"]}'),
    **in_both("topic", audit.TOPIC),
    **{
        f"target-{where}": Made(type=audit.EVENT_TARGET, links={"rule": f"rule-{where}", "arn": f"topic-{where}"})
        for where in ("home", "away")
    },
}
FEATURES = {
    key: made
    for name in audit.FEATURES
    for key, made in in_both(name, audit.DETECTOR_FEATURE, name=name, status="ENABLED").items()
}
AWAY_FROM_DUTY: Change = {WITHIN: STANDBY}

REPLICA = Made(
    type=recovery.DATABASE, props={"replicateSourceDb": UNKNOWN, "backupRetentionPeriod": 1, "multiAz": True}
)
LAG_QUERY = {"metric": {"metricName": recovery.LAG}}
LAG_ALARM = Made(
    type=recovery.ALARM,
    props={"threshold": 3600, "metricQueries": [LAG_QUERY, {"expression": "IF(m0 < 0, 86400, m0)"}]},
    links={"metricQueries": "it"},
)
PROMISE = "rules.0.destination.replicationTime"
REPLICATION = Made(
    type=recovery.REPLICATION,
    props={"rules": [{"destination": {"replicationTime": {"status": "Enabled", "time": {"minutes": 15}}}}]},
)
WARMUP = "@group:defaultInstanceWarmup"

CASES = (
    Case(
        rule=recovery.backup_copied_offsite,
        it=PLAN,
        fires=(
            *values("rules", UNSET, [], [*RULES, {"ruleName": "daily"}]),
            *values("rules.0.copyActions", UNSET, []),
            *values(VAULT, VAULT_HOME, "offsite"),
        ),
        undecided=(*values(VAULT, UNKNOWN), *values("rules", UNKNOWN)),
    ),
    Case(
        rule=recovery.backup_kept_a_month,
        it=Made(type=recovery.PLAN, props={"rules": [*RULES, DAILY]}),
        fires=(
            *values("rules", UNSET, [], RULES),
            *values("rules.1.lifecycle.deleteAfter", 29, UNSET),
            *values("rules.1.copyActions.0.lifecycle.deleteAfter", 29, UNSET),
            *values("rules.1.schedule", "rate(1 month)", UNSET),
        ),
        passes=(
            *values("rules", [DAILY]),
            *values("rules.1.schedule", "cron(0 * ? * * *)", "cron(0 0,12 ? * * *)"),
            *values("rules.1.copyActions", UNSET),
        ),
        undecided=(*values("rules", UNKNOWN), *values("rules.1.lifecycle.deleteAfter", UNKNOWN)),
    ),
    Case(
        rule=recovery.backup_vault_locked,
        it=Made(type=recovery.VAULT),
        others={"lock": Made(type=recovery.VAULT_LOCK, props={"minRetentionDays": 1}, links={"backupVaultName": "it"})},
        fires=({"@lock": GONE}, *values("@lock:minRetentionDays", 0, UNSET)),
        undecided=values("@lock:minRetentionDays", UNKNOWN),
    ),
    Case(
        rule=recovery.database_copied_within_rpo,
        it=DATABASE,
        others={"selection": SELECTION, "plan": PLAN},
        fires=(
            {"@selection": GONE},
            {"@plan": GONE},
            *values("@plan:rules.0.schedule", "cron(0 5 ? * SUN *)", "rate(1 year)", UNSET),
            {"@plan:rules.0.copyActions": []},
        ),
        passes=values("@plan:rules.0.schedule", "cron(0 5 ? * * *)", "cron(30 * ? * * *)"),
        undecided=values("@plan:rules.0.schedule", UNKNOWN),
    ),
    Case(
        rule=recovery.database_copied_within_rpo,
        it=Made(type=recovery.DATABASE, props={"replicateSourceDb": "arn"}),
        others={"kept": Made(type=recovery.KEPT_BACKUPS, props={"sourceDbInstanceArn": "arn"})},
        fires=({"@kept": GONE}, {"@kept:sourceDbInstanceArn": "another"}),
    ),
    Case(
        rule=recovery.replica_behind_within_rpo,
        it=REPLICA,
        others={"alarm": LAG_ALARM},
        fires=(
            {"@alarm": GONE},
            *values("@alarm:threshold", 3601, UNSET),
            *values("@alarm:metricQueries", UNSET, [{"metric": {"metricName": "CPUUtilization"}}]),
        ),
        passes=(
            {"@alarm:metricQueries": UNSET, "@alarm:metricName": recovery.LAG},
            {"@alarm": GONE, "replicateSourceDb": UNSET},
        ),
        undecided=values("@alarm:threshold", UNKNOWN),
    ),
    Case(
        rule=recovery.bucket_replicated_within_rpo,
        it=REPLICATION,
        fires=(
            {PROMISE: UNSET},
            *values(f"{PROMISE}.status", "Disabled", UNSET),
            *values(f"{PROMISE}.time.minutes", 61, UNSET),
        ),
        passes=values(f"{PROMISE}.time.minutes", 60),
        undecided=values(f"{PROMISE}.status", UNKNOWN),
    ),
    Case(
        rule=recovery.standby_serves_within_rto,
        it=REPLICA,
        others={
            "cache": Made(type=recovery.CACHE),
            "group": Made(type=recovery.GROUP, props={"defaultInstanceWarmup": 300}),
        },
        fires=(
            *values("backupRetentionPeriod", 0, UNSET),
            *values("multiAz", False, UNSET),
            {"@cache": GONE},
            *values(WARMUP, 391, UNSET),
        ),
        passes=(
            {WARMUP: 390},
            {"@group": GONE},
            {"@cache": GONE, "multiAz": False, "replicateSourceDb": UNSET},
        ),
        undecided=(*values("multiAz", UNKNOWN), *values(WARMUP, UNKNOWN)),
    ),
    Case(
        rule=recovery.secret_replicated,
        it=SECRET,
        fires=values("replicas", UNSET, []),
        passes=({"replicas": UNSET, WITHIN: STANDBY}, {"replicas": UNKNOWN}),
    ),
    Case(
        rule=recovery.secret_rotated,
        it=SECRET,
        others={"rotation": Made(type=recovery.ROTATION, links={"secretId": "it"})},
        fires=({"@rotation": GONE},),
    ),
    Case(
        rule=regions.data_in_allowed_region,
        it=SECRET,
        fires=(*values(AT, ELSEWHERE, None), *values("replicas.0.region", ELSEWHERE)),
        passes=({AT: AWAY}, {"replicas": UNSET}),
        undecided=values("replicas.0.region", UNKNOWN),
    ),
    Case(
        rule=regions.data_in_allowed_region,
        it=PLAN,
        fires=values(VAULT, VAULT_AWAY.replace(AWAY, ELSEWHERE)),
        passes=values(VAULT, UNKNOWN, VAULT_HOME),
    ),
    Case(
        rule=regions.stack_independent_of_region,
        it=QUEUE,
        fires=(
            AWAY_FROM_DUTY,
            {WITHIN: STANDBY, AT: AWAY, "policy": f'{{"Resource": "arn:aws:sqs:{HOME}:1:a"}}'},
            {WITHIN: STANDBY, AT: AWAY, "targets": [{"arn": f"arn:aws:sqs:{HOME}:1:a"}]},
        ),
        passes=(
            {AT: None},
            {WITHIN: STANDBY, AT: AWAY},
            {WITHIN: STANDBY, AT: AWAY, "replicateSourceDb": f"arn:aws:rds:{HOME}:1:db:a"},
            {WITHIN: STANDBY, AT: AWAY, "sourceDbInstanceArn": f"arn:aws:rds:{HOME}:1:db:a"},
            {WITHIN: STANDBY, AT: AWAY, "policy": UNKNOWN},
        ),
    ),
    Case(
        rule=regions.resource_not_named_by_position,
        it=QUEUE,
        fires=values(CALLED, "mail-0", "mail-1"),
        passes=values(CALLED, "mail", "tls-1-3", "web2", "mail-a1", "database-instance-2"),
    ),
    Case(
        rule=audit.account_trail_on,
        others={"trail": TRAIL},
        fires=({"@trail": GONE}, *values("@trail:isMultiRegionTrail", False, UNSET)),
        passes=({"@trail": GONE, **AWAY_FROM_DUTY},),
        undecided=values("@trail:isMultiRegionTrail", UNKNOWN),
    ),
    Case(
        rule=audit.trail_trustworthy,
        it=TRAIL,
        fires=(
            *values("enableLogFileValidation", False, UNSET),
            {"kmsKeyId": UNSET},
            {"cloudWatchLogsGroupArn": UNSET},
            {"enableLogging": False},
        ),
        undecided=values("enableLogFileValidation", UNKNOWN),
    ),
    Case(
        rule=audit.trail_sees_backups,
        others={"trail": TRAIL},
        fires=(
            {"@trail": GONE},
            {"@trail:eventSelectors": [{}]},
            {"@trail:eventSelectors": UNSET, "@trail:advancedEventSelectors": [{}]},
            {"@trail:eventSelectors": UNSET, "@trail:advancedEventSelectors": [{"fieldSelectors": [{"field": "a"}]}]},
            {"@trail:eventSelectors": UNSET},
            {"@trail:eventSelectors.0.dataResources.0.type": "AWS::Lambda::Function"},
        ),
        passes=(
            {"@trail": GONE, **AWAY_FROM_DUTY},
            {
                "@trail:eventSelectors": UNSET,
                "@trail:advancedEventSelectors": [
                    {"fieldSelectors": [{"field": "resources.type", "equals": ["AWS::S3::Object"]}]}
                ],
            },
        ),
        undecided=values("@trail:eventSelectors", UNKNOWN),
    ),
    Case(
        rule=audit.account_events_alarmed,
        others={**EVENTS, **RUNG},
        fires=(
            {"@event-0": GONE},
            {"@alarm-14": GONE},
            {"@alarm-3:alarmActions": []},
            {"@event-5:pattern": "nothing"},
            {"@alarm-7:metricName": "other"},
        ),
        passes=({"@event-0": GONE, **AWAY_FROM_DUTY},),
        undecided=values("@event-0:pattern", UNKNOWN),
    ),
    Case(
        rule=audit.region_threats_watched,
        others=in_both("detector", audit.DETECTOR) | FEATURES,
        fires=(
            {"@detector-away": GONE},
            {"@detector-home:enable": False},
            *({f"@{name}": GONE} for name in FEATURES),
            *({f"@{name}:status": "DISABLED"} for name in FEATURES),
        ),
        passes=({"@detector-home": GONE, **AWAY_FROM_DUTY},),
        undecided=values("@detector-home:enable", UNKNOWN),
    ),
    Case(
        rule=audit.region_changes_recorded,
        others=in_both("recorder", audit.RECORDER) | in_both("status", audit.RECORDER_STATUS, isEnabled=True),
        fires=({"@recorder-away": GONE}, {"@status-home": GONE}, *values("@status-away:isEnabled", False, UNSET)),
        passes=({"@recorder-home": GONE, **AWAY_FROM_DUTY},),
        undecided=values("@status-home:isEnabled", UNKNOWN),
    ),
    Case(
        rule=audit.region_findings_gathered,
        others=in_both("hub", audit.SECURITY_HUB),
        fires=({"@hub-home": GONE}, {"@hub-away": GONE}),
        passes=({"@hub-home": GONE, **AWAY_FROM_DUTY},),
    ),
    Case(
        rule=audit.region_findings_told,
        others=TOLD,
        fires=(
            {"@rule-home": GONE},
            {"@target-away": GONE},
            {"@topic-home": GONE},
            {"@rule-away:state": "DISABLED"},
            *values("@rule-home:eventPattern", UNSET, "nothing", "[]", '{"source": ["aws.ec2"]}'),
            *values("@rule-home:eventPattern", '{"source": [{"prefix": "aws.ec"}]}'),
        ),
        passes=({"@rule-home": GONE, **AWAY_FROM_DUTY}, {"@rule-home:eventPattern": '{"source": ["aws.guardduty"]}'}),
        undecided=values("@rule-home:eventPattern", UNKNOWN),
    ),
)
