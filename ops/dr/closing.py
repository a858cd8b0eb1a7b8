"""Closes the names at the edge before a promotion with a waived fence, so that no visitor's write reaches the old
writer.

One custom rule at Cloudflare answers visitors, before the zone's own rules. No call goes to AWS.
"""

from datetime import UTC, datetime
from typing import Any

from components.edge.expressions import any_host
from contract import served_hosts
from ops.core.cloudflare import EdgeApi
from ops.core.ledger import Ledger
from ops.core.session import Operation, Session
from ops.core.steps import Step, Timeline, say
from ops.errors import OpsError

CLOSED = "edge-closed"
REF = "closed-for-a-promotion"
PHASE = "http_request_firewall_custom"
KEPT = ("ref", "description", "expression", "action", "action_parameters", "logging", "enabled")
"""The writable properties of a rule; Cloudflare adds the others (Cloudflare API, "Update a zone ruleset")."""
STATUS = 429
"""A rule that blocks answers with 400 to 499 (Cloudflare WAF, "Configure a custom response for blocked requests"): this
one tells programs to retry later."""
MESSAGE = "We are moving to another data center and will be back in a few minutes."

CLOSE = Step(
    name="close the names at the edge",
    does="Adds a rule to Cloudflare's firewall that answers visitors with status 429, within 30 seconds. If that "
    "fails, the promotion continues anyway and says so.",
    unless="the fence is not waived",
)
OPEN = Step(
    name="open the names at the edge",
    does="Removes the rule from Cloudflare's firewall that answers visitors with status 429.",
    unless="they are not closed",
)


def close(session: Session, operation: Operation) -> None:
    """Close the names if the fence is waived; a failure is reported, but does not stop the operation."""
    with operation.timeline.step(CLOSE) as step:
        if not operation.waiver:
            step.skip("the fence is not waived")
            return
        if step.dry_run:
            return
        session.ledger.require_hold()
        # Before the call, so that the flip and `ops dr abort` open the names even if this process is killed.
        at = datetime.now(UTC).isoformat(timespec="seconds")
        session.ledger.put(CLOSED, {"to": operation.target, "at": at})
        try:
            _put(session, _rule(session.pair.domain))
            step.detail = "visitors get status 429"
        except OpsError as error:
            step.detail = "not closed"
            say(
                f"          the names could not be closed, so anything that visitors write in {operation.source} "
                f"until the flip is lost: {error.message.splitlines()[0]}"
            )


def open_again(session: Session, timeline: Timeline) -> None:
    """Open the names if they were closed. Raises OpsError with the current situation if Cloudflare does not open
    them."""
    with timeline.step(OPEN) as step:
        if not is_closed(session.ledger) and not (step.dry_run and session.options.waive_fence):
            step.skip("not closed")
            return
        if step.dry_run:
            return
        try:
            _put(session, None)
        except OpsError as error:
            raise OpsError(
                f"{error.message}\nthe names are routed, but may still answer visitors with status 429: run the same "
                "command again to open them"
            ) from None
        session.ledger.delete(CLOSED)


def is_closed(ledger: Ledger) -> bool:
    """Whether the names were closed, or may have been, and not opened since."""
    return ledger.get(CLOSED) is not None


def _rule(domain: str) -> dict[str, Any]:
    answer = {"status_code": STATUS, "content_type": "text/plain", "content": MESSAGE}
    return {
        "ref": REF,
        "description": "A promotion is under way: what is written into the old region would be lost.",
        "expression": any_host(served_hosts(domain)),
        "action": "block",
        "action_parameters": {"response": answer},
        "enabled": True,
    }


def _put(session: Session, rule: dict[str, Any] | None) -> None:
    """Put this rule before the zone's own rules, or remove it; sends nothing if that is already so."""
    edge = session.pair.edge
    api = EdgeApi(lambda _: edge.token, quick=True)
    zone = f"/zones/{edge.zone_id}/rulesets"
    found = api.one(f"{zone}/phases/{PHASE}/entrypoint")
    others = [{key: one[key] for key in KEPT if one.get(key) is not None} for one in found["rules"]]
    rules = [*([rule] if rule else []), *(one for one in others if one["ref"] != REF)]
    if rules != others:
        content = {name: found[name] for name in ("name", "description", "kind", "phase") if name in found}
        api.put(f"{zone}/{found['id']}", {**content, "rules": rules})
