"""A promotion that fails before or after RDS has executed it, and how `ops` continues."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from ops.core import aws as operators
from ops.core import busy
from ops.core.settle import DATABASE_TYPE
from ops.core.steps import StepRun
from ops.dr import promotion
from ops.errors import OpsError
from tests.emulator.emulated import OTHER_REGION, Clients, Control
from tests.emulator.operators import operating
from tests.emulator.test_rds import create, described
from tests.emulator.test_rds_replicas import replicate

FAULT = f"fault/{OTHER_REGION}/rds/PromoteReadReplica"


class Engine:
    """Promotes what is a replica in its state, as the provider does, and refreshes on request."""

    def __init__(self, replica: str) -> None:
        self.replica = replica
        self.source = "source"
        self.refreshed: list[str] = []

    def up(self, *_: object) -> dict[str, int]:
        try:
            if self.source:
                operators.client("rds", OTHER_REGION).promote_read_replica(DBInstanceIdentifier=self.replica)
        except (ClientError, ConnectionClosedError) as error:
            raise OpsError(f"stack dr: database-instance: {error}") from None
        return {"same": 1}

    def refresh(self, _stack: str, _say: object, targets: list[str]) -> None:
        self.refreshed += targets
        self.source = ""

    def export(self, _: str) -> dict[str, Any]:
        outputs = {"identifier": self.replica, "replicateSourceDb": self.source}
        return {"deployment": {"resources": [{"type": DATABASE_TYPE, "urn": "urn", "outputs": outputs}]}}


@pytest.fixture
def stack(aws: Clients, name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    create(aws("rds"), name)
    replica = replicate(aws, name)["DBInstanceIdentifier"]
    monkeypatch.setattr(busy, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(busy, "BUSY_SECONDS", 5.0)

    def output(_: str) -> str:
        return replica

    with operating(endpoint, monkeypatch):
        yield SimpleNamespace(stack="dr", region=OTHER_REGION, output=output)


def up(stack: Any) -> Engine:
    engine = Engine(stack.output("database_identifier"))
    session: Any = SimpleNamespace(engine=engine)
    busy.up(session, stack, StepRun(dry_run=False))
    return engine


def is_replica(aws: Clients, stack: Any) -> bool:
    found = described(aws("rds", OTHER_REGION), stack.output("database_identifier"))
    return bool(found.get("ReadReplicaSourceDBInstanceIdentifier"))


def test_one_whose_answer_is_lost_is_read_back_at_once(aws: Clients, control: Control, stack: Any) -> None:
    control("PUT", f"{FAULT}?when=after&code=cut&times=1")
    engine = up(stack)
    assert (engine.refreshed, is_replica(aws, stack)) == (["urn"], False)


@pytest.mark.parametrize(
    ("when", "told"), [("before", "still a replica: nothing was promoted"), ("after", "available and a writer")]
)
def test_a_promotion_that_keeps_failing_ends_the_command_with_the_resulting_situation(
    aws: Clients, control: Control, stack: Any, when: str, told: str
) -> None:
    control("PUT", f"{FAULT}?when={when}&code=InternalFailure")
    with pytest.raises(OpsError, match="InternalFailure"):
        up(stack)
    assert told in promotion._holds(stack)
    assert is_replica(aws, stack) == (when == "before")
