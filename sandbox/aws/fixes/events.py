"""EventBridge: how a rule looks into lists, and how it publishes to topics."""

import copy
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from jsonpath_ng.ext import parse as json_path
from moto.events.models import UNDEFINED, EventPattern, Rule
from moto.kms.models import KmsBackend, kms_backends
from moto.sns.models import Topic, sns_backends

from sandbox.aws.fixes.fix import replaces
from sandbox.aws.policy_document import is_about, listed, statements

SERVICE = "events.amazonaws.com"
OF_AWS = "alias/aws/"
WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
VARIABLE = re.compile(r"<([\w-]+)>")


@replaces(EventPattern, "matches_event")
def lists_of_objects_are_matched(stock: Any, self: EventPattern, event: dict[str, Any]) -> bool:
    """moto looks into no list of objects, such as Security Hub's findings: one of them has to match.

    Security Hub User Guide, "Configuring an EventBridge rule for Security Hub CSPM findings".
    """
    return _matches(self, self.get_pattern(), json.loads(json.dumps(event)))


@replaces(Rule, "send_to_targets")
def topics_are_published_to(stock: Any, self: Rule, event: Any, *args: Any) -> None:
    """moto publishes to no topic. EventBridge does, where it may; where it may not, nobody hears of it."""
    rest = copy.copy(self)
    rest.targets = [target for target in self.targets if ":sns:" not in target["Arn"]]
    stock(rest, event, *args)
    if self.state == "ENABLED" and self.event_pattern.matches_event(event):
        for target in self.targets:
            if topic := _topic(self, target["Arn"]):
                topic.publish(_text(target.get("InputTransformer"), event))


def _matches(asked: EventPattern, pattern: dict[str, Any], found: Any) -> bool:
    if isinstance(found, list):
        return any(_matches(asked, pattern, each) for each in found)
    return all(_has(asked, key, wanted, found) for key, wanted in pattern.items())


def _has(asked: EventPattern, key: str, wanted: Any, found: Any) -> bool:
    if key == "$or":
        return any(_matches(asked, each, found) for each in wanted)
    value = found.get(key, UNDEFINED) if isinstance(found, dict) else UNDEFINED
    if isinstance(wanted, dict):
        return _matches(asked, wanted, value)
    return asked._does_item_match_filters(value, wanted)


def _topic(rule: Rule, arn: str) -> Topic | None:
    """The topic, if the rule may publish to it.

    It is in the rule's region, and its policy and that of its key let EventBridge. Neither has a condition, which
    EventBridge does not meet, and no key of AWS's has such a policy (EventBridge User Guide, "Using resource-based
    policies"; SNS Developer Guide, "Managing encryption keys and costs"; re:Post, "Why isn't my Amazon SNS topic
    receiving EventBridge notifications?").
    """
    topic = sns_backends[rule.account_id][rule.region_name].topics.get(arn)
    if topic is None or not _allows(topic.policy, "sns:Publish", arn):
        return None
    return topic if not topic.kms_master_key_id or _may_use(rule, topic.kms_master_key_id) else None


def _may_use(rule: Rule, name: str) -> bool:
    backend: KmsBackend = kms_backends[rule.account_id][rule.region_name]
    alias = name.partition(":alias/")[2]
    known = f"alias/{alias}" if alias else name
    identity = backend.get_key_id_from_alias(known) if known.startswith("alias/") else backend.get_key_id(name)
    key = backend.keys.get(identity or "")
    if key is None or known.startswith(OF_AWS):
        return False
    return all(_allows(key.policy, action, key.arn) for action in WITH_KEY)


def _allows(policy: str, action: str, resource: str) -> bool:
    """Whether a policy lets EventBridge: a statement with a condition, be it a denial, is not about it."""
    effects = {
        each["Effect"]
        for each in statements(policy)
        if not each.get("Condition")
        and SERVICE in _services(each["Principal"])
        and is_about(each, action)
        and any(fnmatchcase(resource, known) for known in listed(each["Resource"]))
    }
    return effects == {"Allow"}


def _services(principal: Any) -> Iterator[str]:
    everybody = principal == "*" or "*" in listed(principal.get("AWS", []))
    yield from [SERVICE] if everybody else listed(principal.get("Service", []))


def _text(transformer: dict[str, Any] | None, event: dict[str, Any]) -> str:
    """What the target gets. Values are not escaped, and one that the event lacks is left out (EventBridge User Guide,
    "Amazon EventBridge input transformation")."""
    if transformer is None:
        return json.dumps(event)
    found = {name: json_path(path).find(event) for name, path in transformer.get("InputPathsMap", {}).items()}
    values = {name: matches[0].value for name, matches in found.items() if matches}
    return VARIABLE.sub(lambda variable: str(values.get(variable[1], "")), transformer["InputTemplate"])
