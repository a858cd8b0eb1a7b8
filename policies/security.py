"""Keys, permissions and secrets: rotated, narrow, and never public by mistake."""

from collections.abc import Iterator

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule
from policies.statements import EVERYBODY, Statement, statements

KEY = "aws:kms/key:Key"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
POLICY = "aws:iam/policy:Policy"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER = "aws:iam/user:User"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
USER_POLICIES = (
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
)
SECRET = "aws:secretsmanager/secret:Secret"
VAULT, TRAIL = "aws:backup/vault:Vault", "aws:cloudtrail/trail:Trail"
KEY_OF = {VAULT: "kmsKeyArn", TRAIL: "kmsKeyId"}
"""The types in compliance mode, or writing to a bucket in compliance mode, and the property that names their key."""

DELETION_DAYS_FLOOR = 30
CONFUSED_DEPUTY_KEYS = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "sts:externalid"})
WITHOUT_SOURCE = frozenset({"ec2.amazonaws.com"})
"""Services that act only for the account's own instances, and send no aws:SourceAccount when they assume a role."""
KEY_ENDS = frozenset({"kms:disablekey", "kms:putkeypolicy", "kms:schedulekeydeletion"})
DECRYPT = frozenset({"kms:*", "kms:decrypt"})
EVERYTHING = "*"


@rule(
    on=KEY, severity=HIGH, controls="FSBP KMS.4; CIS 3.0 3.6; CIS 5.0 3.6; PCI 3.7.4",
    remedy="Set enable_key_rotation.",
)  # fmt: skip
def key_rotated(key: Resource) -> Findings:
    """A key is rotated every year."""
    return key.wants("enableKeyRotation", True)


@rule(
    on=(KEY, REPLICA_KEY), severity=HIGH, controls="FSBP KMS.3; GDPR 25; GDPR 30",
    remedy="Set keys.deletion_window_days to AWS's maximum, 30.",
)  # fmt: skip
def key_deletion_slow(key: Resource) -> Findings:
    """A key's deletion window is AWS's maximum, because without the key everything that it encrypts is lost."""
    return key.wants_at_least("deletionWindowInDays", DELETION_DAYS_FLOOR)


@rule(
    on=(KEY, REPLICA_KEY), severity=HIGH, controls="FSBP KMS.5; GDPR 25; GDPR 30",
    remedy="Name the principals, or pin them with kms:CallerAccount or aws:PrincipalArn.",
)  # fmt: skip
def key_not_public(key: Resource) -> Findings:
    """A key's policy grants nothing to everyone, unless a condition limits the caller."""
    # Without its own policy a key has AWS's default, which is for the account.
    for statement in statements(key, "policy") if key.has("policy") else []:
        if statement.open and not statement.pinned:
            yield Finding(f"{', '.join(statement.actions)} allowed to everybody", "named principals")


@rule(
    on=(VAULT, TRAIL), among=True, severity=HIGH, controls="own; PCI 10.3.3 (own); GDPR 32(1)(c) (own)",
    remedy="Set keys.administrator_role.",
)  # fmt: skip
def lock_key_ended_by_one_role(locked: Resource, stack: Stack) -> Findings:
    """Only one role can disable, delete or change the policy of a vault's or trail's key: no lock outlives its key."""
    keys = [key for kind in (KEY, REPLICA_KEY) for key in stack.sources(locked, kind, KEY_OF[locked.type])]
    if not keys:
        yield Finding("no key of the stack", "a key that only one role can disable or delete")
    for key in keys:
        denied = {
            action.lower()
            for statement in statements(key, "policy")
            if _denies_all_but_one(statement)
            for action in statement.actions
        }
        if left := sorted(KEY_ENDS - denied):
            yield Finding(f"{key.name}: {', '.join(left)} not denied", "denied to all but one role")


def _denies_all_but_one(statement: Statement) -> bool:
    everybody = any(name == EVERYBODY for _kind, name in statement.principals)
    excepted = statement.tests("ArnNotEquals", "aws:PrincipalArn")
    return not statement.allows and everybody and len(excepted) == 1 and "*" not in excepted[0]


@rule(
    on=(POLICY, ROLE_POLICY), severity=HIGH,
    controls="FSBP IAM.1; FSBP IAM.21; FSBP KMS.1; FSBP KMS.2; CIS 3.0 1.16; CIS 5.0 1.15; PCI 7.2 (own); GDPR 25",
    remedy="Name the actions, and the keys that may be used.",
)  # fmt: skip
def rights_narrow(policy: Resource) -> Findings:
    """Permissions name their actions, and the keys with which to decrypt."""
    for statement in statements(policy, "policy"):
        if statement.allows:
            yield from _wide(statement)


def _wide(statement: Statement) -> Iterator[Finding]:
    everywhere = EVERYTHING in statement.resources
    for action in statement.actions:
        if action == EVERYTHING or action.endswith(":*"):
            yield Finding(f"action {action}", "named actions")
        elif everywhere and action.lower() in DECRYPT:
            yield Finding(f"{action} with every key", "named keys")


@rule(
    on=(USER, ACCESS_KEY, *USER_POLICIES), severity=HIGH,
    controls="FSBP IAM.2; CIS 3.0 1.15; CIS 5.0 1.14; PCI 8.6 (own); GDPR 25 (own)",
    remedy="Use a role, which gives temporary credentials.",
)  # fmt: skip
def identity_without_users(user: Resource) -> Findings:
    """There are no IAM users, no long-term access keys, and no permissions of users."""
    yield Finding(user.type.rsplit(":", 1)[1], "a role")


@rule(
    on=ROLE, severity=MEDIUM, controls="PCI 7.2 (own)",
    remedy="Add aws:SourceAccount or aws:SourceArn to the trust policy.",
)  # fmt: skip
def role_trusts_own_account(role: Resource) -> Findings:
    """A service assumes a role only for this account (confused deputy prevention)."""
    for statement in statements(role, "assumeRolePolicy"):
        services = [name for kind, name in statement.principals if kind == "Service" and name not in WITHOUT_SOURCE]
        if statement.allows and services and not statement.keys & CONFUSED_DEPUTY_KEYS:
            yield Finding(f"{', '.join(services)} without a condition", "aws:SourceAccount or aws:SourceArn")


@rule(
    on=SECRET, severity=MEDIUM, controls="PCI 3.5.1; GDPR 32 (own)",
    remedy="Set kms_key_id.",
)  # fmt: skip
def secret_encrypted(secret: Resource) -> Findings:
    """A secret is encrypted with our own key, whose policy says who can read it."""
    return secret.wants_any("kmsKeyId")


POLICIES = (
    key_rotated,
    key_deletion_slow,
    key_not_public,
    lock_key_ended_by_one_role,
    rights_narrow,
    identity_without_users,
    role_trusts_own_account,
    secret_encrypted,
)
