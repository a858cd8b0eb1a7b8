"""Debian's Prometheus with given series, and its answers."""

import json
import re
import shlex
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.dashboards import series

START_SECONDS = 180
STEP_SECONDS = 60
LISTENS = re.compile(r'"Listening on" address=(\S+)')
AT = "/mnt"
"""The path of the data folder in the root file system."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series of an answer: its labels, and its values with their times."""

    labels: dict[str, str]
    points: Sequence[tuple[float, float]]


@contextmanager
def serving(root: Path, folder: Path, content: Iterable[series.Series]) -> Iterator[str]:
    """The URL of a Prometheus that has the series; its data is in `folder`, and `root` stays as it is."""
    (folder / "series.txt").write_text(series.text(content))
    (folder / "prometheus.yml").write_text("{}\n")
    # The series are from a day long ago.
    options = f"--storage.tsdb.path={AT}/data --storage.tsdb.retention.time=100y --web.listen-address=127.0.0.1:0"
    inside = (
        f"promtool tsdb create-blocks-from openmetrics --quiet {AT}/series.txt {AT}/data && "
        f"exec prometheus --config.file={AT}/prometheus.yml {options}"
    )
    place = shlex.quote(str(root))
    script = f"mount --bind {shlex.quote(str(folder))} {place}{AT} && exec chroot {place} sh -c {shlex.quote(inside)}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=log, stderr=log)
    try:
        yield _ready(process, folder / "log")
    finally:
        process.terminate()
        process.wait()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Its URL, once it answers: its log tells the port that it took."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := LISTENS.search(log.read_text()):
            url = f"http://{found[1]}"
            with suppress(OSError), urllib.request.urlopen(f"{url}/-/ready", timeout=1):
                return url
        time.sleep(0.1)
    raise TimeoutError(f"Prometheus does not answer: {log.read_text()[-2000:]}")


def answer(url: str, query: str) -> list[Line]:
    """The result of a query over the six hours. Raises ValueError with Prometheus's message if it refuses the query."""
    asked = {"query": query, "start": series.END - 60 * series.MINUTES, "end": series.END, "step": STEP_SECONDS}
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query_range?{urllib.parse.urlencode(asked)}", timeout=30
        ) as response:
            found: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise ValueError(f"{query}: {error.read().decode()}") from error
    return [
        Line(labels=one["metric"], points=[(float(at), float(value)) for at, value in one["values"]])
        for one in found["data"]["result"]
    ]
