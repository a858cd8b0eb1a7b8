"""The comment on a pull request: created by the first run, replaced by every later one."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

MARKER = re.compile(r"<!--.*-->")
AUTHOR = "github-actions[bot]"
"""The author of comments that a workflow's token writes (GitHub, "Automatic token authentication")."""
PAGE = 100
"""The most comments in one answer of GitHub."""
TIMEOUT = urllib3.Timeout(connect=5, read=30)
RETRIES = urllib3.Retry(total=2, backoff_factor=1, allowed_methods={"GET"}, status_forcelist={502, 503, 504})


class ForgeError(Exception):
    """A refusal of GitHub, in one line."""


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request of a repository (`OWNER/NAME`) in GitHub's REST API, and the token to write with."""

    api: str
    repository: str
    number: str
    token: str

    def comment(self, body: str) -> str:
        """Write the comment, replacing the one with the same marker. Returns its address.

        Raises ForgeError for a body without a marker in its first line, and for a refusal.
        """
        marker = body.split("\n", 1)[0].strip()
        if not MARKER.fullmatch(marker):
            raise ForgeError(f"the first line must be the marker, such as <!-- name -->; got {marker[:60]!r}")
        former = next((each["id"] for each in self._comments() if _is_ours(each, marker)), None)
        if former is None:
            written = self._ask("POST", f"issues/{self.number}/comments", {"body": body})
        else:
            written = self._ask("PATCH", f"issues/comments/{former}", {"body": body})
        return str(written["html_url"])

    def _comments(self) -> Iterator[Mapping[str, Any]]:
        page = 1
        while found := self._ask("GET", f"issues/{self.number}/comments?per_page={PAGE}&page={page}"):
            yield from found
            page += 1

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        try:
            answer = urllib3.request(
                method,
                f"{self.api}/repos/{self.repository}/{path}",
                headers=headers,
                json=body,
                timeout=TIMEOUT,
                retries=RETRIES,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ForgeError(f"{method} {path}: {self.api} does not answer: {error}") from None
        if answer.status >= 300:
            raise ForgeError(f"{method} {path}: {answer.status} {_message(answer.data)}")
        return answer.json()


def _is_ours(comment: Mapping[str, Any], marker: str) -> bool:
    """Anybody can write the marker, so another author's comment is never changed."""
    return comment["user"]["login"] == AUTHOR and comment["body"].startswith(marker)


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace")[:200]


def main(arguments: list[str]) -> int:
    """Write the file as the comment; the pull request comes from the variables that a workflow sets."""
    (file,) = arguments
    try:
        request = PullRequest(
            api=os.environ["GITHUB_API_URL"],
            repository=os.environ["GITHUB_REPOSITORY"],
            number=os.environ["PULL_REQUEST"],
            token=os.environ["GITHUB_TOKEN"],
        )
        print(request.comment(Path(file).read_text()))
    except KeyError as error:
        print(f"comment: the variable {error} is not set", file=sys.stderr)
        return 1
    except (ForgeError, OSError) as error:
        print(f"comment: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
