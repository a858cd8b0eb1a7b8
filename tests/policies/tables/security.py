"""Scenes of policies/security.py and policies/monitoring.py."""

import json

from policies import monitoring, security
from policies.values import UNKNOWN
from tests.policies.scenes import GONE, KIND, UNSET, Case, Made, values
from tests.policies.tables.storage import NAMED, PINNED, PUBLIC, TLS_ONLY


def rights(action: object, resource: object = "arn:aws:s3:::a", **more: object) -> str:
    """Permissions of one statement."""
    return json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource, **more}})


def kept(
    *,
    effect: str = "Deny",
    role: object = "arn:aws:iam::1:role/a",
    actions: object = ("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    principal: object = "*",
) -> str:
    """The policy of a key that only one role may delete."""
    condition = {"ArnNotEquals": {"aws:PrincipalArn": role}}
    statement = {"Effect": effect, "Principal": principal, "Action": actions, "Resource": "*", "Condition": condition}
    return json.dumps({"Statement": [statement]})


def trust(service: str, **condition: object) -> str:
    """A trust policy for a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Statement": [{**statement, **({"Condition": condition} if condition else {})}]})


def lets(*actions: str, **condition: object) -> str:
    """A policy that lets EventBridge, on a condition if one is given."""
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": list(actions)}
    return json.dumps({"Statement": [{**statement, **({"Condition": condition} if condition else {})}]})


OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "1"}}
KEY = Made(type=security.KEY, props={"enableKeyRotation": True, "deletionWindowInDays": 30, "policy": NAMED[0]})
OF_AUTO_SCALING = json.dumps({
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:Decrypt",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}},
        }
    ]
})  # fmt: skip
ALARM = Made(type=monitoring.ALARM, props={"alarmActions": [UNKNOWN]})
REPLICA = Made(type=monitoring.DATABASE, props={"replicateSourceDb": UNKNOWN})

CASES = (
    Case(
        rule=security.key_rotated,
        it=KEY,
        fires=values("enableKeyRotation", False, UNSET),
        undecided=values("enableKeyRotation", UNKNOWN),
    ),
    Case(
        rule=security.key_deletion_slow,
        it=KEY,
        fires=values("deletionWindowInDays", 29, 7, UNSET),
        undecided=values("deletionWindowInDays", UNKNOWN),
    ),
    Case(
        rule=security.key_not_public,
        it=KEY,
        fires=values("policy", *PUBLIC),
        passes=values("policy", UNSET, PINNED, OF_AUTO_SCALING, *NAMED),
        undecided=values("policy", UNKNOWN),
    ),
    *(
        Case(
            rule=security.lock_key_ended_by_one_role,
            it=Made(type=kind, links={link: "key"}),
            others={"key": Made(type=security.KEY, props={"policy": kept()})},
            fires=(
                {"@key": GONE},
                *values(
                    "@key:policy",
                    *(UNSET, kept(effect="Allow"), kept(role="arn:aws:iam::1:role/*")),
                    *(kept(actions=["kms:DisableKey"]), kept(principal={"AWS": "arn:aws:iam::1:root"})),
                    kept(role=["arn:aws:iam::1:role/a", "b"]),
                ),
            ),
            undecided=values("@key:policy", UNKNOWN),
        )
        for kind, link in security.KEY_OF.items()
    ),
    Case(
        rule=security.rights_narrow,
        it=Made(type=security.ROLE_POLICY, props={"policy": rights("s3:GetObject")}),
        fires=values(
            "policy",
            UNSET,
            "no document",
            rights("*"),
            rights("s3:*"),
            rights(["s3:GetObject", "sqs:*"]),
            rights("kms:Decrypt", "*"),
            rights("kms:decrypt", ["arn:aws:kms:::key/a", "*"]),
            rights("s3:*", "*"),
            json.dumps({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}),
        ),
        passes=values(
            "policy",
            rights("kms:Decrypt", "arn:aws:kms:::key/a"),
            rights("ec2:DescribeTags", "*"),
            rights("*", "*", Effect="Deny"),
        ),
        undecided=values("policy", UNKNOWN),
    ),
    Case(
        rule=security.role_trusts_own_account,
        it=Made(
            type=security.ROLE,
            props={"assumeRolePolicy": trust("sns.amazonaws.com", StringEquals={"aws:SourceAccount": "1"})},
        ),
        fires=values(
            "assumeRolePolicy",
            UNSET,
            trust("sns.amazonaws.com"),
            trust("sns.amazonaws.com", Bool={"aws:SecureTransport": "true"}),
        ),
        passes=values(
            "assumeRolePolicy",
            trust("ec2.amazonaws.com"),
            trust("sns.amazonaws.com").replace("Allow", "Deny"),
            trust("sns.amazonaws.com", ArnLike={"aws:SourceArn": "arn:aws:sns:::a"}),
            NAMED[0],
        ),
        undecided=values("assumeRolePolicy", UNKNOWN),
    ),
    Case(
        rule=security.identity_without_users,
        it=Made(type=security.ROLE),
        fires=values(KIND, security.USER, security.ACCESS_KEY, *security.USER_POLICIES),
    ),
    Case(
        rule=security.secret_encrypted,
        it=Made(type=security.SECRET, props={"kmsKeyId": "a"}),
        fires=values("kmsKeyId", UNSET, ""),
        passes=values("kmsKeyId", UNKNOWN),
    ),
    Case(
        rule=monitoring.log_kept_and_encrypted,
        it=Made(type=monitoring.LOG_GROUP, props={"retentionInDays": 365, "kmsKeyId": UNKNOWN}),
        fires=(*values("retentionInDays", 364, 30, UNSET, False), {"kmsKeyId": UNSET}),
        passes=values("retentionInDays", 0, 400),
        undecided=values("retentionInDays", UNKNOWN),
    ),
    Case(
        rule=monitoring.delivery_stream_encrypted,
        it=Made(type=monitoring.DELIVERY_STREAM, props={"serverSideEncryption": {"enabled": True, "keyArn": UNKNOWN}}),
        fires=values("serverSideEncryption", UNSET, {"enabled": True}, {"enabled": False, "keyArn": "arn"}),
    ),
    Case(
        rule=monitoring.topic_encrypted,
        it=Made(type=monitoring.TOPIC, props={"kmsMasterKeyId": UNKNOWN}),
        fires=values("kmsMasterKeyId", UNSET, ""),
    ),
    Case(
        rule=monitoring.topic_not_public,
        it=Made(type=monitoring.TOPIC_POLICY, props={"policy": TLS_ONLY}),
        fires=values("policy", *PUBLIC),
        passes=values("policy", *NAMED, PINNED),
        undecided=values("policy", UNKNOWN),
    ),
    Case(
        rule=monitoring.topic_not_public,
        it=Made(type=monitoring.TOPIC),
        fires=values("policy", *PUBLIC),
    ),
    Case(
        rule=monitoring.alarm_has_action,
        it=ALARM,
        others={"replica": REPLICA},
        fires=(*values("alarmActions", UNSET, []), {"actionsEnabled": False, "@replica": GONE}),
        passes=({"actionsEnabled": False}, {"actionsEnabled": True, "@replica": GONE}),
        undecided=values("actionsEnabled", UNKNOWN),
    ),
    Case(
        rule=monitoring.topic_reaches_somebody,
        it=Made(type=monitoring.TOPIC),
        others={"mail": Made(type=monitoring.SUBSCRIPTION, links={"topic": "it"})},
        fires=({"@mail": GONE},),
    ),
    Case(
        rule=monitoring.event_target_reachable,
        it=Made(type=monitoring.EVENT_TARGET, links={"arn": "topic"}),
        others={
            "topic": Made(type=monitoring.TOPIC, props={"kmsMasterKeyId": UNKNOWN}, links={"kmsMasterKeyId": "key"}),
            "policy": Made(type=monitoring.TOPIC_POLICY, props={"policy": lets("sns:Publish")}, links={"arn": "topic"}),
            "key": Made(type=monitoring.KEY, props={"policy": lets("kms:Decrypt", "kms:GenerateDataKey*")}),
        },
        fires=(
            {"@policy": GONE},
            {"@key": GONE, "@topic:kmsMasterKeyId": "alias/aws/sns"},
            *values("@policy:policy", *NAMED, lets("sns:Subscribe"), lets("sns:Publish", **OF_ACCOUNT)),
            *values("@key:policy", *NAMED, lets("kms:Decrypt"), lets("kms:*", **OF_ACCOUNT)),
        ),
        passes=(
            {"@topic:kmsMasterKeyId": UNSET, "@key": GONE},
            {"@topic": GONE},
            *values("@key:policy", lets("kms:*")),
        ),
        undecided=(*values("@policy:policy", UNKNOWN), *values("@key:policy", UNKNOWN)),
    ),
)
