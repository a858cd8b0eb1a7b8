"""Finishes this instance's jobs before Auto Scaling terminates it, and takes none while another region serves.

A region that was lost comes back with its hosts and its queues, but its database is no longer current.
"""

import json
import os
import subprocess
import time
import urllib.request

import boto3
from instance import group_of, metadata

POLL_SECONDS = 5
VISITORS_SECONDS = 30
"""How often to check which region visitors reach: a region that came back processes a job or two by then."""
ANSWER_SECONDS = 5
TARGET_STATE = "autoscaling/target-lifecycle-state"
"""The instance's target lifecycle state (Auto Scaling User Guide, "Retrieve the target lifecycle state through instance
metadata")."""
TAKES_WORK = ("askproai-workers.target", "askproai-scheduler.timer")
DOES_WORK = ("askproai-worker@*.service", "askproai-scheduler.service")


def leaving() -> bool:
    """Whether the instance will be terminated; no if the metadata service does not answer, which is then asked
    again."""
    try:
        return metadata(TARGET_STATE) == "Terminated"
    except OSError:
        return False


def stop() -> None:
    """Take no further job. Stopping the target signals its workers, which end after their current job."""
    subprocess.run(["systemctl", "stop", "--no-block", *TAKES_WORK], check=True)


def serving() -> str | None:
    """The region that answers visitors; None if none answers, as in the middle of a failover."""
    try:
        with urllib.request.urlopen(os.environ["ASKPROAI_VISITORS_URL"], timeout=ANSWER_SECONDS) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return None
    return told.get("region") if isinstance(told, dict) else None


def follow_visitors(rests: bool | None) -> bool | None:
    """Stop while another region serves, and start again once this one does. Returns whether it is stopped, None if
    unknown."""
    region = serving()
    if region is None:
        return rests
    elsewhere = region != os.environ["AWS_DEFAULT_REGION"]
    if elsewhere and not rests:
        stop()
    if not elsewhere and rests is not False:
        subprocess.run(["systemctl", "start", "--no-block", *TAKES_WORK], check=True)
    return elsewhere


def busy() -> bool:
    """Whether a job or a scheduled task still runs."""
    states = "--state=active,activating,deactivating"
    command = ["systemctl", "list-units", "--no-legend", "--plain", states, *DOES_WORK]
    return bool(subprocess.run(command, check=True, capture_output=True).stdout.strip())


def finish(hook: str) -> None:
    """Wait for the jobs with heartbeats, then let the instance be terminated."""
    scaling, instance = boto3.client("autoscaling"), metadata("instance-id") or ""
    action = {"LifecycleHookName": hook, "AutoScalingGroupName": group_of(instance), "InstanceId": instance}
    stop()
    while busy():
        scaling.record_lifecycle_action_heartbeat(**action)
        time.sleep(POLL_SECONDS)
    scaling.complete_lifecycle_action(**action, LifecycleActionResult="CONTINUE")


def work() -> None:
    """Take jobs, or stop, until the instance is to be terminated."""
    rests: bool | None = None
    asked = -float(VISITORS_SECONDS)
    while not leaving():
        if time.monotonic() - asked >= VISITORS_SECONDS:
            asked = time.monotonic()
            rests = follow_visitors(rests)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    work()
    finish(os.environ["ASKPROAI_TERMINATION_HOOK"])
