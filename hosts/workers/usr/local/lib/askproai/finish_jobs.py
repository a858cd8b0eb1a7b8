"""Ends the jobs of this instance before Auto Scaling terminates it, and takes none while another region serves.

A region that was lost comes back with its hosts and its queues, and its database is no longer the one that counts.
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
"""How often visitors' region is asked for: a job or two of a region that came back are done by then."""
ANSWER_SECONDS = 5
TARGET_STATE = "autoscaling/target-lifecycle-state"
"""What the instance is about to become (Auto Scaling User Guide, "Retrieve the target lifecycle state through instance
metadata")."""
TAKES_WORK = ("askproai-workers.target", "askproai-scheduler.timer")
DOES_WORK = ("askproai-worker@*.service", "askproai-scheduler.service")


def leaving() -> bool:
    """Whether the instance is to be terminated; not while nobody answers, who is asked again."""
    try:
        return metadata(TARGET_STATE) == "Terminated"
    except OSError:
        return False


def stop() -> None:
    """Take no further job. The target's workers get their signal with it, and end after the job that they have."""
    subprocess.run(["systemctl", "stop", "--no-block", *TAKES_WORK], check=True)


def serving() -> str | None:
    """The region that answers visitors; None where nobody says, as in the middle of a failover."""
    try:
        with urllib.request.urlopen(os.environ["ASKPROAI_VISITORS_URL"], timeout=ANSWER_SECONDS) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return None
    return told.get("region") if isinstance(told, dict) else None


def follow_visitors(rests: bool | None) -> bool | None:
    """Rest while another region serves, and work again once this one does; whether it rests, None if never told."""
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
    """Let the jobs end, with a sign of life meanwhile, and then the instance."""
    scaling, instance = boto3.client("autoscaling"), metadata("instance-id") or ""
    action = {"LifecycleHookName": hook, "AutoScalingGroupName": group_of(instance), "InstanceId": instance}
    stop()
    while busy():
        scaling.record_lifecycle_action_heartbeat(**action)
        time.sleep(POLL_SECONDS)
    scaling.complete_lifecycle_action(**action, LifecycleActionResult="CONTINUE")


def work() -> None:
    """Take jobs, or rest, until the instance is to be terminated."""
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
