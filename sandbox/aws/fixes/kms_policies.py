"""KMS: denials in a key's policy, and policies that their writer could not change again."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse
from moto.sts.models import sts_backends

from sandbox.aws.fixes.fix import replaces
from sandbox.aws.policy_document import is_about, listed, statements

WRITE = "kms:PutKeyPolicy"


@replaces(KmsResponse, "create_key")
def new_key_can_be_managed(stock: Any, self: KmsResponse) -> str:
    """KMS refuses a policy that its writer may not change again, unless told that this is intended; moto accepts any.

    KMS API, CreateKey, BypassPolicyLockoutSafetyCheck.
    """
    _refuse_lockout(self)
    answer: str = stock(self)
    return answer


@replaces(KmsResponse, "replicate_key")
def new_replica_can_be_managed(stock: Any, self: KmsResponse) -> str:
    """As a new key (KMS API, ReplicateKey, BypassPolicyLockoutSafetyCheck)."""
    _refuse_lockout(self)
    answer: str = stock(self)
    return answer


@replaces(KmsResponse, "put_key_policy")
def policy_is_written_by_who_may(stock: Any, self: KmsResponse) -> str:
    """moto checks no policy; a denial in the key's own binds every caller of the account, whatever IAM allows."""
    _refuse_denied(self, WRITE)
    answer: str = stock(self)
    return answer


@replaces(KmsResponse, "put_key_policy")
def changed_policy_can_be_changed_again(stock: Any, self: KmsResponse) -> str:
    """As a new key (KMS API, PutKeyPolicy, BypassPolicyLockoutSafetyCheck)."""
    _refuse_lockout(self)
    answer: str = stock(self)
    return answer


@replaces(KmsResponse, "disable_key")
def key_is_disabled_by_who_may(stock: Any, self: KmsResponse) -> str:
    """As `policy_is_written_by_who_may`."""
    _refuse_denied(self, "kms:DisableKey")
    answer: str = stock(self)
    return answer


@replaces(KmsResponse, "schedule_key_deletion")
def key_is_deleted_by_who_may(stock: Any, self: KmsResponse) -> str:
    """As `policy_is_written_by_who_may`."""
    _refuse_denied(self, "kms:ScheduleKeyDeletion")
    answer: str = stock(self)
    return answer


def _refuse_lockout(response: KmsResponse) -> None:
    policy = response._get_param("Policy")
    if policy is None or response._get_param("BypassPolicyLockoutSafetyCheck"):
        return
    rules, caller = statements(policy), _caller(response)
    if _decided("Deny", rules, WRITE, caller) or not _decided("Allow", rules, WRITE, caller):
        raise JsonRESTError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


def _refuse_denied(response: KmsResponse, action: str) -> None:
    backend, caller = response.kms_backend, _caller(response)
    key = backend.keys.get(backend.get_key_id(response._get_param("KeyId")))
    if key is not None and _decided("Deny", statements(key.policy), action, caller):
        raise JsonRESTError(
            "AccessDeniedException",
            f"User: {caller} is not authorized to perform: {action} on resource: {key.arn} with an explicit deny in a "
            "resource-based policy",
        )


def _caller(response: KmsResponse) -> str:
    """The caller's ARN in IAM; that of a session is its role's, which aws:PrincipalArn has."""
    backend = sts_backends[response.current_account][response.partition]
    _id, arn, account = backend.get_caller_identity(response.get_access_key(), response.region)
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    name = f"role/{rest.partition('/')[0]}" if kind == "assumed-role" else f"{kind}/{rest}"
    return f"arn:aws:iam::{account}:{name}"


def _decided(effect: str, rules: Iterable[dict[str, Any]], action: str, caller: str) -> bool:
    return any(
        each["Effect"] == effect
        and is_about(each, action)
        and _is_of(each["Principal"], caller)
        and all(_meets(operator, keys, caller) for operator, keys in each.get("Condition", {}).items())
        for each in rules
    )


def _is_of(principal: Any, caller: str) -> bool:
    """Whether the principal is everybody, the caller, or the account, which gives IAM the decision."""
    account = caller.split(":")[4]
    named = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    return any(name in ("*", account, caller, f"arn:aws:iam::{account}:root") for name in named)


def _meets(operator: str, keys: dict[str, Any], caller: str) -> bool:
    """Conditions on the caller can be checked here; conditions on the call, such as its service, never match."""
    if set(keys) != {"aws:PrincipalArn"}:
        return False
    matches = any(fnmatchcase(caller, wanted) for wanted in listed(keys["aws:PrincipalArn"]))
    return matches is not ("Not" in operator)
