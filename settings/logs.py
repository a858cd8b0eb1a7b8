"""The logs block: how a region's logs are searched, and where they are archived."""

from typing import Annotated

from pydantic import Field

from settings.block import Block
from settings.shapes import LogRetention


class LogArchiveSettings(Block):
    """The copy of every log group in the logs bucket, which Amazon Data Firehose writes in large files. Its move to
    Glacier and its deletion follow storage.logs_glacier_after_days and storage.logs_retention_days."""

    buffer_mib: Annotated[int, Field(ge=1, le=128)]
    """MiB of compressed logs that Firehose collects for a file: 1 to 128 (Firehose API, BufferingHints)."""
    buffer_seconds: Annotated[int, Field(ge=60, le=900)]
    """Seconds after which it writes a file anyway: at most 900 (Firehose API, BufferingHints); below 60, there would be
    many small files.
    """
    log_retention_days: LogRetention
    """Days that Firehose's own log of delivery errors is kept."""


class LogsSettings(Block):
    """How logs are searched and archived."""

    queries: bool = True
    """Whether CloudWatch Logs Insights has the saved queries of components/monitoring/log_queries.py."""
    archive: LogArchiveSettings | None = None
    """The log archive in S3; without it, logs are only in CloudWatch."""
