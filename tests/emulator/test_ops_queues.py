"""Messages that operators move from queue to queue, on the emulated SQS: after a kill nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

from sandbox.project.paths import CHECKOUT
from tests.emulator.emulated import OTHER_REGION, REGION, Clients

MESSAGES = 60
MOVE = """
import sys
from types import SimpleNamespace
from ops.dr import queues
here, there = (SimpleNamespace(region=region) for region in sys.argv[1:3])
ledger = SimpleNamespace(require_hold=lambda: None)
queues.HIDDEN_SECONDS, queues.POLL_SECONDS = 1, 1
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


def test_a_move_that_is_killed_goes_on_and_loses_no_message(aws: Clients, name: str, endpoint: str) -> None:
    here, there = aws("sqs", REGION), aws("sqs", OTHER_REGION)
    source, target = _queue(here, name), _queue(there, name)
    attribute = {"kind": {"DataType": "String", "StringValue": "mail"}}
    for number in range(MESSAGES):
        here.send_message(QueueUrl=source, MessageBody=json.dumps(number), MessageAttributes=attribute)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "PULUMI_BACKEND_URL": "file:///nowhere"}
    command = [sys.executable, "-c", MOVE, REGION, OTHER_REGION, source, target]
    variables = {**os.environ, **keys, "AWS_ENDPOINT_URL": endpoint}
    first = subprocess.Popen(command, cwd=CHECKOUT, env=variables)
    while _waiting(there, target) < MESSAGES // 4 and first.poll() is None:
        time.sleep(0.001)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    sent = _waiting(there, target)
    assert MESSAGES // 4 <= sent < MESSAGES
    # The messages that it had received are visible again after a second.
    time.sleep(1.1)
    subprocess.run(command, cwd=CHECKOUT, env=variables, check=True)
    arrived = _all(there, target)
    assert {json.loads(message["Body"]) for message in arrived} == set(range(MESSAGES))
    assert len(arrived) in (MESSAGES, MESSAGES + 1)
    assert [message["MessageAttributes"]["kind"]["StringValue"] for message in arrived] == ["mail"] * len(arrived)
    assert (_waiting(here, source), _all(here, source)) == (0, [])
