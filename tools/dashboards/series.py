"""Six hours of generated series with an incident, as text from which promtool makes blocks."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.alerts.alert import Job
from monitoring.alerts.web import DURATIONS, REQUESTS

END = int(datetime(2025, 1, 10, 12, tzinfo=UTC).timestamp())
MINUTES = 6 * 60
BEFORE = 10
"""Minutes of samples before them, so that a five-minute rate has a value from the first minute on."""
INCIDENT = range(200, 235)
"""The minutes of the incident: many visitors, slow responses, and some failures."""
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)
HOSTS = {"i-web-1": "web-blue", "i-web-2": "web-blue", "i-worker-1": "workers", "i-monitoring": "monitoring"}
DEPENDENCIES = ("https://api.cal.com/", "https://api.retellai.com/")
GIB = 1024**3

Shape = Callable[[int], float]
"""The value at a minute; for a counter, its growth per second."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series; a `counter` accumulates its shape. It has samples only in its `minutes`."""

    name: str
    labels: Mapping[str, str]
    shape: Shape
    counter: bool = False
    minutes: range = range(-BEFORE, MINUTES + 1)

    def samples(self) -> Iterator[tuple[int, float]]:
        """One sample per minute, with its time."""
        total = 0.0
        for minute in self.minutes:
            value = self.shape(minute)
            total += 60 * value
            yield END - 60 * (MINUTES - minute), total if self.counter else value


def text(series: Iterable[Series]) -> str:
    """OpenMetrics, in which the samples of a metric are together."""
    lines: list[str] = []
    for each in sorted(series, key=lambda one: one.name):
        labels = ",".join(f'{name}="{value}"' for name, value in each.labels.items())
        lines += [f"{each.name}{{{labels}}} {value:.6f} {time}" for time, value in each.samples()]
    return "\n".join([*lines, "# EOF\n"])


def everything() -> list[Series]:
    """The series of a serving region's Prometheus."""
    return [*_application(), *_hosts(), *_stores(), *_probes(), *_alerts()]


def wave(middle: float, share: float = 0.2, period: int = 90, shift: float = 0, incident: float = 1) -> Shape:
    """Varies by this share of its mean; in the incident it is multiplied by this factor."""
    return lambda minute: (
        middle * (1 + share * math.sin(2 * math.pi * minute / period + shift)) * (incident if minute in INCIDENT else 1)
    )


def always(value: float) -> Shape:
    """Constant over all minutes."""
    return lambda _: value


def _application() -> Iterator[Series]:
    job = {"job": str(Job.APPLICATION)}
    for number, instance in enumerate(("i-web-1", "i-web-2")):
        own = {**job, "instance": instance}
        for status, rate, incident in (("200", 20.0, 1.6), ("302", 2.0, 1.6), ("404", 0.4, 1.0), ("500", 0.05, 40.0)):
            yield Series(
                name=REQUESTS,
                labels={**own, "status": status},
                shape=wave(rate, shift=number, incident=incident),
                counter=True,
            )
        for limit in BUCKETS:
            labels = {**own, "le": "+Inf" if limit == math.inf else str(limit)}
            yield Series(name=DURATIONS, labels=labels, shape=_answered_within(limit), counter=True)
        for queue, size in (("default", 120.0), ("high", 15.0), ("notifications", 40.0)):
            yield Series(
                name="askproai_queue_size", labels={**own, "queue": queue}, shape=wave(size, share=0.5, incident=6)
            )


def _answered_within(limit: float) -> Shape:
    """Responses per second within this time, with exponentially distributed times around a mean."""

    def shape(minute: int) -> float:
        mean = 0.6 if minute in INCIDENT else 0.12
        return 22 * (1 - math.exp(-limit / mean))

    return shape


def _hosts() -> Iterator[Series]:
    for number, (instance, group) in enumerate(HOSTS.items()):
        own = {"job": str(Job.HOSTS), "instance": instance, "group": group}
        yield Series(name="up", labels=own, shape=always(1))
        for cpu in ("0", "1"):
            busy = wave(0.25 + number / 20, share=0.1, shift=number, incident=2.1)
            yield Series(
                name="node_cpu_seconds_total",
                labels={**own, "cpu": cpu, "mode": "idle"},
                shape=lambda m, b=busy: 1 - b(m),
                counter=True,
            )
        yield Series(name="node_memory_MemTotal_bytes", labels=own, shape=always(8 * GIB))
        yield Series(name="node_memory_MemAvailable_bytes", labels=own, shape=wave((4.5 - number / 2) * GIB, 0.1))
        root = {**own, "device": "/dev/nvme0n1p1", "fstype": "ext4", "mountpoint": "/"}
        yield Series(name="node_filesystem_size_bytes", labels=root, shape=always(50 * GIB))
        yield Series(
            name="node_filesystem_avail_bytes", labels=root, shape=lambda m, n=number: (30 - 5 * n - m / 90) * GIB
        )
        for what, rate in (("read", 2e5), ("written", 9e5)):
            yield Series(
                name=f"node_disk_{what}_bytes_total",
                labels={**own, "device": "nvme0n1"},
                shape=wave(rate, 0.6, shift=number, incident=3),
                counter=True,
            )
        for what, rate in (("receive", 4e5), ("transmit", 1.2e6)):
            for device in ("lo", "ens5"):
                yield Series(
                    name=f"node_network_{what}_bytes_total",
                    labels={**own, "device": device},
                    shape=wave(rate, 0.3, shift=number, incident=1.6),
                    counter=True,
                )


def _stores() -> Iterator[Series]:
    database = {"job": str(Job.DATABASE), "instance": "localhost:9104"}
    cache = {"job": str(Job.CACHE), "instance": "localhost:9121"}
    for name, shape in {
        "mysql_up": always(1),
        "mysql_global_status_threads_connected": wave(140, incident=2.3),
        "mysql_global_variables_max_connections": always(500),
        "mysql_global_variables_read_only": always(0),
    }.items():
        yield Series(name=name, labels=database, shape=shape)
    for name, shape in {
        "mysql_global_status_queries": wave(900, incident=1.5),
        "mysql_global_status_slow_queries": wave(0.5, incident=30),
    }.items():
        yield Series(name=name, labels=database, shape=shape, counter=True)
    for name, shape in {
        "redis_up": always(1),
        "redis_memory_used_bytes": wave(4 * GIB, 0.1),
        "redis_memory_max_bytes": always(6 * GIB),
    }.items():
        yield Series(name=name, labels=cache, shape=shape)
    for name, shape in {
        "redis_keyspace_hits_total": wave(900, incident=1.6),
        "redis_keyspace_misses_total": wave(60, 0.4, incident=1.6),
    }.items():
        yield Series(name=name, labels=cache, shape=shape, counter=True)


def _probes() -> Iterator[Series]:
    yield from _probed(Job.OTHER_REGION, "https://origin-dr.askproai.de/api/health", "503", 0.09, 60)
    for number, name in enumerate(("", "www.", "api.", "app.")):
        yield from _probed(Job.EDGE, f"https://{name}askproai.de/api/health", "200", 0.12 + number / 50, 40)
    for number, url in enumerate(DEPENDENCIES):
        lost = range(90, 104) if number else range(0)
        yield from _probed(Job.DEPENDENCIES, url, "401", 0.2 + number / 10, 33 - number * 15, lost)


def _probed(job: Job, url: str, status: str, seconds: float, days: int, lost: range = range(0)) -> Iterator[Series]:
    labels = {"job": str(job), "instance": url}
    yield Series(name="probe_success", labels=labels, shape=lambda m: float(m not in lost))
    yield Series(name="probe_http_status_code", labels=labels, shape=lambda m: 0.0 if m in lost else float(status))
    yield Series(name="probe_duration_seconds", labels=labels, shape=wave(seconds, 0.3))
    yield Series(name="probe_ssl_earliest_cert_expiry", labels=labels, shape=always(END + days * 86400))


def _alerts() -> Iterator[Series]:
    """Prometheus has them only while they fire."""
    fired = {
        ("Heartbeat", "heartbeat"): range(-BEFORE, MINUTES + 1),
        ("DependencyDown", "warning"): range(100, 104),
        ("Slow", "warning"): INCIDENT[10:],
        ("HostsCpu", "warning"): INCIDENT[15:],
        ("Errors", "critical"): INCIDENT[5:],
    }
    for (name, severity), minutes in fired.items():
        labels = {"alertname": name, "alertstate": "firing", "severity": severity}
        yield Series(name="ALERTS", labels=labels, shape=always(1), minutes=minutes)
