"""IAM's decision about one call, from policy documents (IAM User Guide, "Policy evaluation logic")."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fake_cloud import Cloud, Record

ROLE, ROLE_POLICY, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

Context = Mapping[str, str]
TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": fnmatchcase,
    "Bool": str.__eq__,
}


@dataclass(frozen=True)
class Call:
    """An action on a resource, with the call's condition keys."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def allowed(call: Call, documents: Sequence[Mapping[str, Any]], boundary: Mapping[str, Any] | None) -> bool:
    """Any denial is final; otherwise the documents must allow it, and so must a boundary."""
    everywhere = [*documents, *([boundary] if boundary else [])]
    if any(_decides(statement, call, "Deny") for document in everywhere for statement in document["Statement"]):
        return False
    granted = any(_decides(each, call, "Allow") for document in documents for each in document["Statement"])
    return granted and (boundary is None or any(_decides(each, call, "Allow") for each in boundary["Statement"]))


def may(cloud: Cloud[Any], role: str, call: Call) -> bool:
    """Whether a declared role, by its logical name, may make a call."""
    found = cloud.one(ROLE, role)
    documents: list[Mapping[str, Any]] = [each.document() for each in _of(cloud, ROLE_POLICY, found)]
    if any(each.inputs["policyArn"] == ADMINISTRATOR for each in _of(cloud, ATTACHMENT, found)):
        documents.append(EVERYTHING)
    bounded = "permissionsBoundary" in found.inputs
    return allowed(call, documents, cloud.one(POLICY).document() if bounded else None)


def trusted(cloud: Cloud[Any], role: str, action: str, context: Context) -> bool:
    """Whether a call with these condition keys may assume a role."""
    document = json.loads(cloud.one(ROLE, role).inputs["assumeRolePolicy"])
    call = Call(action, context=context)
    return any(_decides({"Resource": "*", **each}, call, "Allow") for each in document["Statement"])


def _of(cloud: Cloud[Any], kind: str, role: Record) -> list[Record]:
    return [each for each in cloud.of(kind) if each.inputs["role"] == role.inputs["name"]]


def _decides(statement: Mapping[str, Any], call: Call, effect: str) -> bool:
    # IAM compares actions case-insensitively, and resources case-sensitively.
    return (
        statement["Effect"] == effect
        and any(fnmatchcase(call.action.lower(), each.lower()) for each in _listed(statement["Action"]))
        and any(fnmatchcase(call.resource, each) for each in _listed(statement["Resource"]))
        and all(
            _meets(operator, wanted, call.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _meets(operator: str, wanted: Any, given: str | None) -> bool:
    """A missing condition key matches only negated operators."""
    name = operator.removeprefix("ForAnyValue:")
    if name.endswith("IfExists"):
        return given is None or _meets(name.removesuffix("IfExists"), wanted, given)
    if name in ("StringNotEquals", "ArnNotEquals"):
        return given not in _listed(wanted)
    return given is not None and any(TESTS[name](given, each) for each in _listed(wanted))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
