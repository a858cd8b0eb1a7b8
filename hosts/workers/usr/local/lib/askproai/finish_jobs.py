"""When Auto Scaling is to terminate this instance, its jobs end before it goes."""

import os
import subprocess
import time

import boto3
from instance import group_of, metadata

POLL_SECONDS = 5
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


if __name__ == "__main__":
    while not leaving():
        time.sleep(POLL_SECONDS)
    finish(os.environ["ASKPROAI_TERMINATION_HOOK"])
