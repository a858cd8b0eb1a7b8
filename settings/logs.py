"""The logs block: how the logs of a region are searched."""

from settings.block import Block


class LogsSettings(Block):
    """How logs are searched."""

    queries: bool = True
    """Whether CloudWatch Logs Insights has the queries of components/monitoring/log_queries.py, by name."""
