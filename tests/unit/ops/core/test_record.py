"""Running changes: what an earlier command left in the ledger is read, and written under the same keys."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.core.record import Record
from ops.core.session import Operation
from ops.deploy.deployment import Deployment
from ops.secrets.rotation import Rotation

BEGAN = "2025-01-10T03:00:00+00:00"
STEP = {"name": "check", "started": BEGAN, "seconds": 1.5, "outcome": "done", "detail": "", "asks": True}
OPERATION: dict[str, Any] = {
    "operation": "failover",
    "from": "prod",
    "to": "dr",
    "version": "v-1",
    "started": BEGAN,
    "decided_at": "2025-01-10T03:05:00+00:00",
    "timeline": [STEP],
    "data_loss": {"missing_seconds": 2.0},
    "waiver": {"reason": "gone"},
    "accepted_lag": None,
    "accounts_unread": True,
    "served_at": "2025-01-10T03:09:00+00:00",
    "left": ["create the rest of dr"],
}
DEPLOYMENT: dict[str, Any] = {
    "stack": "prod",
    "version": "2",
    "color": "green",
    "former": "blue",
    "former_workers": "1",
    "started": BEGAN,
    "emergency": None,
    "command": {"id": "c-1", "instance": "i-1"},
    "migrated": True,
    "served": None,
    "timeline": [STEP],
}
ROTATION: dict[str, Any] = {
    "name": "database",
    "started": BEGAN,
    "version": "v-1",
    "live": "prod",
    "former": {"prod": "digest"},
    "ended": ["make"],
    "tokens": {},
    "timeline": [],
}


@pytest.mark.parametrize(
    ("kind", "key", "left"),
    [
        (Operation, "under-way", OPERATION),
        (Deployment, "deployment-prod", DEPLOYMENT),
        (Rotation, "rotation-database", ROTATION),
    ],
)
def test_what_a_command_left_is_read_and_written_under_the_same_keys(
    kind: type[Record], key: str, left: dict[str, Any]
) -> None:
    found = kind.from_json(left, dry_run=False)
    assert (found.to_json(), found.key) == (left, key)
    assert found.started == datetime(2025, 1, 10, 3, tzinfo=UTC)


def test_moments_are_moments_again_and_a_key_that_is_not_there_has_its_default() -> None:
    older = {name: value for name, value in OPERATION.items() if name not in ("accepted_lag", "version")}
    found = Operation.from_json(older, dry_run=True)
    assert (found.kind, found.source, found.timeline.dry_run) == ("failover", "prod", True)
    assert (found.accepted_lag, found.version) == (None, "")
    assert found.decided_at == datetime(2025, 1, 10, 3, 5, tzinfo=UTC)
    assert found.timeline.entries[0].started == found.started
