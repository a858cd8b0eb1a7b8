"""Messages that operators move from queue to queue, on the emulated SQS: after a kill nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from moto.sqs import models

from ops.dr import queues
from sandbox.project.paths import CHECKOUT
from tests.emulator.emulated import OTHER_REGION, REGION, Clients

MESSAGES, BEFORE_IT_IS_KILLED = 40, 16
MOVE = """
import os, signal, sys
from itertools import count
from types import SimpleNamespace
from ops.core.aws import client
from ops.dr import queues
here, there = (SimpleNamespace(region=region) for region in sys.argv[1:3])
ledger = SimpleNamespace(require_hold=lambda: None)
queues.POLL_SECONDS = 1
if sys.argv[5:]:
    number, region, operation = sys.argv[5:]
    done = count(1)
    def end(**_):
        if next(done) == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
    client("sqs", region).meta.events.register(f"after-call.sqs.{operation}", end)
print(queues._send_on(SimpleNamespace(ledger=ledger), here, sys.argv[3], there, sys.argv[4]))
"""


def _queue(sqs: Any, name: str) -> str:
    return str(sqs.create_queue(QueueName=name)["QueueUrl"])


def _all(sqs: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=600
    ).get("Messages"):
        found += messages
    return found


def _waiting(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@pytest.mark.parametrize(
    ("last", "again"), [((OTHER_REGION, "SendMessage"), 1), ((REGION, "DeleteMessage"), 0)], ids=["sent", "deleted"]
)
def test_a_move_that_is_killed_goes_on_and_loses_no_message(
    aws: Clients, name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch, last: tuple[str, str], again: int
) -> None:
    here, there = aws("sqs", REGION), aws("sqs", OTHER_REGION)
    source, target = _queue(here, name), _queue(there, name)
    attribute = {"kind": {"DataType": "String", "StringValue": "mail"}}
    for number in range(MESSAGES):
        here.send_message(QueueUrl=source, MessageBody=json.dumps(number), MessageAttributes=attribute)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "PULUMI_BACKEND_URL": "file:///nowhere"}
    command = [sys.executable, "-c", MOVE, REGION, OTHER_REGION, source, target]
    variables = {**os.environ, **keys, "AWS_ENDPOINT_URL": endpoint}
    killed = subprocess.run([*command, str(BEFORE_IT_IS_KILLED), *last], cwd=CHECKOUT, env=variables)
    assert (killed.returncode, _waiting(there, target)) == (-signal.SIGKILL, BEFORE_IT_IS_KILLED)
    # The messages that it had received are visible again after a while.
    now = models.unix_time_millis
    monkeypatch.setattr(models, "unix_time_millis", lambda: now() + queues.HIDDEN_SECONDS * 1000)
    subprocess.run(command, cwd=CHECKOUT, env=variables, check=True)
    arrived = _all(there, target)
    assert {json.loads(message["Body"]) for message in arrived} == set(range(MESSAGES))
    assert len(arrived) == MESSAGES + again
    assert [message["MessageAttributes"]["kind"]["StringValue"] for message in arrived] == ["mail"] * len(arrived)
    assert (_waiting(here, source), _all(here, source)) == (0, [])
