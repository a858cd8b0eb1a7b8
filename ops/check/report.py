"""What the morning checklist found, as a metric in each region: its alarms there tell of bad and of missing reports."""

from monitoring.alerts.itself import REPORTS, TO_LOOK_AT
from ops.check.checks import Checklist
from ops.core.aws import client, errors
from ops.core.pair import Pair
from ops.errors import OpsError, one_line


def report(pair: Pair, found: Checklist) -> None:
    """Publish in each region how many findings of the pair somebody has to look at.

    A region that does not answer does not keep the other one from being told. Raises OpsError where one was not told.
    """
    failed: list[str] = []
    for stack in pair.stacks:
        datum = {
            "MetricName": TO_LOOK_AT,
            "Dimensions": [{"Name": "Environment", "Value": pair[stack].settings.environment}],
            "Value": float(found.to_look_at),
            "Unit": "Count",
        }
        try:
            client("cloudwatch", pair[stack].region).put_metric_data(Namespace=REPORTS, MetricData=[datum])
        except errors() as error:
            failed.append(f"{stack}: {one_line(error)}")
    if failed:
        raise OpsError(f"not reported to {'; '.join(failed)}")
