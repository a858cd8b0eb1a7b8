"""CloudWatch: the periods into which it gathers what was published."""

from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, Statistics

from sandbox.aws.fixes.fix import replaces

MINUTE = 60


@replaces(CloudWatchBackend, "get_metric_statistics")
def periods_begin_with_the_clock(
    stock: Any,
    self: Any,
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: list[str],
    **asked: Any,
) -> Any:
    """moto lets the first period begin with the oldest value, so a second later the same values give other statistics.

    CloudWatch rounds the start of the time asked about down to the minute, or to the period of a metric of high
    resolution (API reference, GetMetricStatistics), and lets the periods follow from there.
    """
    begin = start_time.replace(second=start_time.second // min(period, MINUTE) * min(period, MINUTE), microsecond=0)
    length = timedelta(seconds=period)
    gathered: dict[datetime, Statistics] = {}
    for moments in stock(self, namespace, metric_name, begin, end_time, period, stats, **asked):
        for value in moments.metric_data:
            when = begin + (value.timestamp - begin) // length * length
            gathered.setdefault(when, Statistics(stats, when, value.unit)).metric_data.append(value)
    return list(gathered.values())
