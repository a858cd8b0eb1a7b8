"""The control interface of the sandbox, only for the drill: take a region away, restore it, count the calls to it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import urllib3

from ops.errors import Exit, OpsError

Mode = Literal["refuse", "hang", "error"]

AWS_VARIABLE = "AWS_ENDPOINT_URL"
APPLICATION_VARIABLE = "ASKPROAI_APPLICATION_URL"
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class SandboxControl:
    """The addresses of the emulated AWS and of the sandbox's application."""

    aws: str
    application: str

    @classmethod
    def of(cls) -> "SandboxControl":
        """The sandbox of the environment. Raises OpsError (REFUSED) if that is not a running sandbox."""
        aws, application = os.environ.get(AWS_VARIABLE, ""), os.environ.get(APPLICATION_VARIABLE, "")
        found = cls(aws=aws.rstrip("/"), application=application.rstrip("/"))
        for name, url in ((AWS_VARIABLE, found.aws), (APPLICATION_VARIABLE, found.application)):
            if not url or not _is_healthy(url):
                raise OpsError(
                    f"a drill takes a region away, so it runs on a sandbox alone, and {name} "
                    f"{f'({url}) leads to none' if url else 'is not set'}: run `make drill`",
                    Exit.REFUSED,
                )
        return found

    def black_out(self, place: str, mode: Mode) -> None:
        """Take a region away, or one service of it: `REGION/rds`."""
        _ask("PUT", f"{self.aws}/_sandbox/blackout/{place}?mode={mode}")

    def restore(self, place: str) -> None:
        """Restore a region or service, with all its data."""
        _ask("DELETE", f"{self.aws}/_sandbox/blackout/{place}")

    def set_clock(self, ahead_seconds: int) -> None:
        """Set AWS's clock ahead."""
        _ask("PUT", f"{self.aws}/_sandbox/clock/{ahead_seconds}")

    def set_ending(self, seconds: int) -> None:
        """Let hosts take this long to terminate, and write until then."""
        _ask("PUT", f"{self.aws}/_sandbox/ending/{seconds}")

    def rows_of_ending_hosts(self) -> list[dict[str, Any]]:
        """What hosts wrote while they were terminating, newest last: `id`, `written_at`, `region`, `database` of each
        row."""
        return list(_ask("GET", f"{self.application}/_sandbox/ending")["rows"])

    def lost(self) -> list[str]:
        """The regions and services that are taken away."""
        return list(_ask("GET", f"{self.aws}/_sandbox/blackout"))

    def forget_calls(self) -> None:
        """Reset the count."""
        _ask("DELETE", f"{self.aws}/_sandbox/calls")

    def calls(self, region: str) -> dict[str, int]:
        """Calls to a region since the count began, by service; none by the sandbox's own servers."""
        services: Mapping[str, Mapping[str, int]] = _ask("GET", f"{self.aws}/_sandbox/calls").get(region, {})
        return {service: counts["all"] for service, counts in services.items()}

    def lag_seconds(self) -> float:
        """The lag of replicas."""
        return float(_ask("GET", f"{self.application}/_sandbox/replication")["lag_seconds"])

    def set_lag(self, seconds: float) -> None:
        """Set the lag of replicas."""
        _ask("PUT", f"{self.application}/_sandbox/replication", {"lag_seconds": seconds})

    def replicates(self) -> bool:
        """Whether a declared replica receives rows."""
        return any(link["active"] for link in _ask("GET", f"{self.application}/_sandbox/replication")["links"])


def _is_healthy(url: str) -> bool:
    try:
        return bool(_ask("GET", f"{url}/_sandbox/health").get("status") == "ok")
    except OpsError:
        return False


def _ask(method: str, url: str, content: object = None) -> Any:
    """The JSON of a response. Raises OpsError without one."""
    try:
        answer = urllib3.request(method, url, json=content, timeout=ANSWER_SECONDS, retries=False)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise OpsError(f"the sandbox refuses {method} {url}: {answer.data.decode(errors='replace')}")
        return answer.json()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise OpsError(f"the sandbox does not answer {method} {url}: {error}") from None
