"""Scenes of policies/storage.py and policies/queues.py."""

import json
from collections.abc import Mapping

from policies import queues, storage
from policies.rule import Rule
from policies.values import UNKNOWN
from tests.policies.scenes import AT, AWAY, CALLED, GONE, STANDBY, UNSET, WITHIN, Case, Change, Made, each, values


def document(effect: str = "Allow", principal: object = "*", **more: object) -> str:
    """A policy of one statement."""
    return json.dumps({"Statement": [{"Effect": effect, "Principal": principal, "Action": "s3:*", **more}]})


PUBLIC = (
    document(),
    document(principal={"AWS": "*"}),
    document(principal={"AWS": ["arn:aws:iam::1:root", "*"]}),
    document(principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    "no document",
)
NAMED = (
    document(principal={"AWS": "arn:aws:iam::1:root"}),
    document(principal={"Service": "sns.amazonaws.com"}),
    document(effect="Deny"),
)
PINNED = document(Condition={"StringEquals": {"aws:SourceAccount": "1"}})
TLS_ONLY = document("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})

BUCKET = Made(type=storage.BUCKET, props={"forceDestroy": False}, name="storage-uploads-bucket")
BACKUPS = Made(type=storage.BUCKET, name="storage-backups-bucket")
BLOCKS = dict.fromkeys(storage.BLOCKS, True)


def part(kind: str, **props: object) -> Made:
    """A resource that configures the bucket."""
    return Made(type=kind, props={"bucket": UNKNOWN, **props}, links={"bucket": "it"})


def one_part(rule: Rule, kind: str, good: Mapping[str, object], bad: tuple[Change, ...], it: Made = BUCKET) -> Case:
    """The scene of a bucket and one part, which is needed."""
    return Case(
        rule=rule,
        it=it,
        others={"part": part(kind, **good)},
        fires=({"@part": GONE}, *bad),
    )


ENCRYPTED = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}]}
ALGORITHM = "@part:rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"
LOGS = Made(type=storage.LOGGING, props={}, links={"targetBucket": "it"})
QUEUE = Made(
    type=queues.QUEUE,
    props={
        "kmsMasterKeyId": UNKNOWN,
        "messageRetentionSeconds": 345_600,
        "redrivePolicy": UNKNOWN,
        "visibilityTimeoutSeconds": 60,
    },
    links={"redrivePolicy": "dead"},
)
DEAD = Made(type=queues.QUEUE, props={"messageRetentionSeconds": 345_601})

CASES = (
    Case(
        rule=storage.bucket_public_access_all_blocked,
        it=Made(type=storage.PUBLIC_ACCESS, props=BLOCKS),
        fires=(*each(*storage.BLOCKS, value=False), *each(*storage.BLOCKS, value=UNSET)),
        undecided=each(*storage.BLOCKS, value=UNKNOWN),
    ),
    one_part(storage.bucket_public_access_blocked, storage.PUBLIC_ACCESS, {}, ()),
    Case(
        rule=storage.account_public_access_blocked,
        others={"block": Made(type=storage.ACCOUNT_PUBLIC_ACCESS, props=BLOCKS)},
        fires=({"@block": GONE}, {"@block:blockPublicAcls": False}, {"@block:restrictPublicBuckets": UNSET}),
        passes=({"@block": GONE, WITHIN: STANDBY},),
    ),
    Case(
        rule=storage.bucket_tls_required,
        it=BUCKET,
        others={"policy": part(storage.POLICY, policy=TLS_ONLY)},
        fires=(
            {"@policy": GONE},
            *values(
                "@policy:policy",
                "no document",
                document("Allow", Condition={"Bool": {"aws:SecureTransport": "false"}}),
                document("Deny"),
                document("Deny", Condition={"Bool": {"aws:SecureTransport": "true"}}),
                document("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}, Action="s3:GetObject"),
                document("Deny", {"AWS": "arn:aws:iam::1:root"}, Condition={"Bool": {"aws:SecureTransport": "false"}}),
            ),
        ),
        undecided=values("@policy:policy", UNKNOWN),
    ),
    Case(
        rule=storage.bucket_policy_not_public,
        it=Made(type=storage.POLICY, props={"policy": TLS_ONLY}),
        fires=values("policy", *PUBLIC, PINNED, UNSET),
        passes=values("policy", *NAMED),
        undecided=values("policy", UNKNOWN),
    ),
    one_part(
        storage.bucket_encrypted,
        storage.ENCRYPTION,
        ENCRYPTED,
        ({ALGORITHM: "AES256"}, {ALGORITHM: UNSET}, {"@part:rules": UNSET}),
    ),
    Case(
        rule=storage.bucket_encrypted,
        it=BUCKET,
        others={"part": part(storage.ENCRYPTION, **ENCRYPTED), "logs": LOGS},
        fires=({ALGORITHM: "none"},),
        passes=({ALGORITHM: "AES256"},),
        undecided=({ALGORITHM: UNKNOWN},),
    ),
    one_part(
        storage.bucket_versioned,
        storage.VERSIONING,
        {"versioningConfiguration": {"status": "Enabled"}},
        values("@part:versioningConfiguration.status", "Suspended", UNSET),
    ),
    Case(
        rule=storage.bucket_access_logged,
        it=BUCKET,
        others={"part": part(storage.LOGGING), "logs": LOGS},
        fires=({"@part": GONE, "@logs": GONE},),
        passes=({"@part": GONE}, {"@logs": GONE}),
    ),
    one_part(
        storage.bucket_old_versions_expire,
        storage.LIFECYCLE,
        {"rules": [{"status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 30}}]},
        (
            {"@part:rules": UNSET},
            {"@part:rules.0.status": "Disabled"},
            {"@part:rules.0.noncurrentVersionExpiration": UNSET},
        ),
    ),
    Case(
        rule=storage.bucket_backups_locked,
        it=BACKUPS,
        others={"lock": part(storage.LOCK, rule={"defaultRetention": {"mode": "COMPLIANCE", "days": 1}})},
        fires=(
            {"@lock": GONE},
            {"@lock:rule": UNSET},
            *values("@lock:rule.defaultRetention.mode", "GOVERNANCE", UNSET),
            *values("@lock:rule.defaultRetention.days", 0, UNSET),
        ),
        passes=(
            {"@lock": GONE, CALLED: "storage-uploads-bucket"},
            {"@lock:rule.defaultRetention": {"mode": "COMPLIANCE", "years": 1}},
        ),
        undecided=values("@lock:rule.defaultRetention.days", UNKNOWN),
    ),
    Case(
        rule=storage.bucket_backups_locked,
        it=BUCKET,
        others={
            "trail": Made(type=storage.TRAIL, links={"s3BucketName": "it"}),
            "lock": part(storage.LOCK, rule={"defaultRetention": {"mode": "COMPLIANCE", "days": 30}}),
        },
        fires=({"@lock": GONE},),
        passes=({"@lock": GONE, "@trail": GONE},),
    ),
    Case(
        rule=storage.bucket_backups_replicated,
        it=BACKUPS,
        others={
            "target": Made(type=storage.BUCKET, region=AWAY, name="copy"),
            "copy": Made(
                type=storage.REPLICATION,
                props={"rules": [{"status": "Enabled"}]},
                links={"bucket": "it", "rules": "target"},
            ),
        },
        fires=({"@copy": GONE}, {"@copy:rules": UNSET}, {"@copy:rules.0.status": "Disabled"}, {AT: AWAY}),
        passes=({"@copy": GONE, CALLED: "storage-uploads-bucket"}, {"@target": GONE}),
        undecided=values("@copy:rules.0.status", UNKNOWN),
    ),
    one_part(
        storage.bucket_without_acls,
        storage.OWNERSHIP,
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        (*values("@part:rule.objectOwnership", "ObjectWriter", UNSET), {"acl": "public-read"}),
    ),
    Case(
        rule=storage.bucket_not_emptied_on_delete,
        it=BUCKET,
        fires=values("forceDestroy", True),
        passes=values("forceDestroy", UNSET),
        undecided=values("forceDestroy", UNKNOWN),
    ),
    Case(
        rule=queues.queue_encrypted,
        it=QUEUE,
        fires=values("kmsMasterKeyId", UNSET, ""),
        passes=({"kmsMasterKeyId": UNSET, "sqsManagedSseEnabled": True},),
    ),
    Case(
        rule=queues.queue_not_public,
        it=Made(type=queues.QUEUE_POLICY, props={"policy": TLS_ONLY}),
        fires=values("policy", *PUBLIC, UNSET),
        passes=values("policy", *NAMED, PINNED),
        undecided=values("policy", UNKNOWN),
    ),
    Case(
        rule=queues.queue_dead_letters_kept,
        it=QUEUE,
        others={"dead": DEAD},
        fires=(
            {"redrivePolicy": UNSET},
            *values("@dead:messageRetentionSeconds", 345_600, UNSET),
            {"messageRetentionSeconds": 345_601},
        ),
        passes=({"messageRetentionSeconds": UNSET},),
        undecided=values("@dead:messageRetentionSeconds", UNKNOWN),
    ),
    *(
        Case(
            rule=rule,
            it=Made(type=queues.QUEUE),
            others={"work": Made(type=queues.QUEUE, links={"redrivePolicy": "it"})},
            fires=({"@work": GONE},),
        )
        for rule in (queues.queue_dead_letters_kept, queues.queue_visibility_outlasts_worker)
    ),
    Case(
        rule=queues.queue_visibility_outlasts_worker,
        it=QUEUE,
        others={"dead": DEAD},
        fires=values("visibilityTimeoutSeconds", 59, 0, UNSET),
        passes=values("visibilityTimeoutSeconds", 90),
        undecided=values("visibilityTimeoutSeconds", UNKNOWN),
    ),
)
