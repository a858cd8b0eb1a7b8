"""The monitoring block: the monitoring host, its retention of metrics, and its receivers."""

import re
from typing import Annotated

from pydantic import Field

from settings.block import Block
from settings.hosts import HostSettings
from settings.shapes import EmailAddress, text

HttpsUrl = Annotated[
    str, text("is not an https:// URL", re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./~%:?&=+-]*)?"))
]
MailServer = Annotated[
    str,
    text("is not a mail server on port 587; want one such as mail.example.com:587", re.compile(r"[A-Za-z0-9.-]+:587")),
]
ZoneLetter = Annotated[str, text("is not the letter of a zone; want one such as a", re.compile(r"[a-z]"))]
DependencyName = Annotated[
    str, text("is not a name; want lower-case letters, digits and hyphens", re.compile(r"[a-z][a-z0-9-]{0,39}"))
]
Sha256 = Annotated[str, text("is not a SHA-256; want 64 hexadecimal digits", re.compile(r"[0-9a-f]{64}"))]


class GrafanaSettings(Block):
    """Grafana, which neither Debian nor Ubuntu has."""

    archive_url: HttpsUrl
    """URL of the standalone Linux binaries as a .tar.gz, for the architecture of the instance."""
    archive_sha256: Sha256
    """SHA-256 of that file, from Grafana's download page. An archive with another checksum is not started."""


class MonitoringSettings(HostSettings):
    """The monitoring host."""

    zone: ZoneLetter
    """Letter of the zone with the host and its data volume: one of network.availability_zones."""
    data_volume_gib: Annotated[int, Field(ge=1, le=65536)]
    """GiB of the volume with metrics and silences, which is kept when the host is replaced (EC2 API, EbsBlockDevice).
    """
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    """Days that Prometheus keeps metrics: ours, ten years at most. When the volume is four fifths full, the oldest are
    deleted.
    """
    remote_write_url: HttpsUrl | None = None
    """URL that takes a copy of all metrics by remote write, such as that of an Amazon Managed Prometheus workspace."""
    dependencies: dict[DependencyName, HttpsUrl]
    """External services that the application depends on: a URL of each, which is probed once a minute."""
    mail_sender: EmailAddress
    """Sender address of alerts, if the secrets mail_username and mail_password are set."""
    mail_server: MailServer | None = None
    """Host and port of a mail server with STARTTLS, such as mail.example.com:587; default: Amazon SES in the region.
    The port is 587 (RFC 6409), the only one that the host may use.
    """
    grafana: GrafanaSettings | None = None
    """The Grafana release on the host; without it there is none, and its address says so."""
