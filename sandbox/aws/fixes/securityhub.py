"""Security Hub: its configuration, the standards that it judges by, and whom it tells of findings."""

import json
from typing import Any

from moto.events.models import events_backends
from moto.securityhub import urls
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from sandbox.aws.fixes.fix import replaces

for _path in ("register", "deregister", "get"):
    urls.url_paths[f"{{0}}/standards/{_path}$"] = SecurityHubResponse.dispatch


def _standards(response: SecurityHubResponse) -> dict[str, dict[str, Any]]:
    """The subscriptions of the request's region, by their ARN."""
    kept: dict[str, dict[str, Any]] = vars(response.securityhub_backend).setdefault("standards", {})
    return kept


@replaces(SecurityHubResponse, "update_security_hub_configuration")
def configuration_changes(stock: Any, self: SecurityHubResponse) -> str:
    """moto cannot change the hub's configuration, which the provider does right after it has made it."""
    self.securityhub_backend.describe_hub()
    kept = vars(self.securityhub_backend).setdefault("configuration", {})
    kept.update(json.loads(self.body))
    return json.dumps({})


@replaces(SecurityHubBackend, "describe_hub")
def configuration_reads_back(stock: Any, self: SecurityHubBackend, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """moto describes every hub alike."""
    return {**stock(self, *args, **kwargs), **vars(self).get("configuration", {})}


@replaces(SecurityHubResponse, "batch_enable_standards")
def standards_are_enabled(stock: Any, self: SecurityHubResponse) -> str:
    """moto has no standards."""
    backend = self.securityhub_backend
    backend.describe_hub()
    made = []
    for request in json.loads(self.body)["StandardsSubscriptionRequests"]:
        # As AWS names it: the standard's path in the region and account of the hub.
        path = request["StandardsArn"].partition("standards/")[2]
        arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:subscription/{path}"
        subscription = {"StandardsSubscriptionArn": arn, "StandardsArn": request["StandardsArn"]}
        _standards(self)[arn] = {**subscription, "StandardsInput": {}, "StandardsStatus": "READY"}
        made.append(_standards(self)[arn])
    return json.dumps({"StandardsSubscriptions": made})


@replaces(SecurityHubResponse, "get_enabled_standards")
def standards_read_back(stock: Any, self: SecurityHubResponse) -> str:
    """moto has no standards."""
    self.securityhub_backend.describe_hub()
    asked = json.loads(self.body or "{}").get("StandardsSubscriptionArns")
    return json.dumps({"StandardsSubscriptions": [v for k, v in _standards(self).items() if not asked or k in asked]})


@replaces(SecurityHubResponse, "batch_disable_standards")
def standards_are_disabled(stock: Any, self: SecurityHubResponse) -> str:
    """moto has no standards."""
    gone = [_standards(self).pop(arn) for arn in json.loads(self.body)["StandardsSubscriptionArns"]]
    return json.dumps({"StandardsSubscriptions": [{**each, "StandardsStatus": "DELETING"} for each in gone]})


@replaces(SecurityHubBackend, "batch_import_findings")
def findings_become_events(stock: Any, self: SecurityHubBackend, findings: list[dict[str, Any]]) -> Any:
    """moto tells nobody. Security Hub sends EventBridge an event for each that it takes, new or changed.

    At first each is active and new (Security Hub User Guide, "Security Hub event types in EventBridge"; API, Workflow).
    """
    answer = stock(self, findings)
    taken = {finding["Id"] for finding in findings} - {failed["Id"] for failed in answer[2]}
    for kept in self.findings:
        if kept.id in taken:
            kept.data.setdefault("RecordState", "ACTIVE")
            kept.data.setdefault("Workflow", {"Status": "NEW"})
            event = {
                "Source": "aws.securityhub",
                "DetailType": "Security Hub Findings - Imported",
                "Resources": [f"{kept.data['ProductArn']}/{kept.id}"],
                "Detail": json.dumps({"findings": [kept.data]}),
            }
            events_backends[self.account_id][self.region_name].put_events([event])
    return answer
