"""The comment on a pull request, written to a fake GitHub on loopback."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tools.workflows import comment

MARKER = "<!-- a marker -->"
REPOSITORY = "/repos/owner/name"
TOKEN = "token-of-the-job"


class Forge(ThreadingHTTPServer):
    """GitHub's comments on pull request 7: existing ones, their authors, and refusals."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.refusal: tuple[int, str] | None = None

    def add(self, body: str, login: str) -> dict[str, Any]:
        number = len(self.comments) + 1
        row = {"id": number, "body": body, "user": {"login": login}, "html_url": f"https://forge/7#{number}"}
        self.comments.append(row)
        return row


class Handler(BaseHTTPRequestHandler):
    @property
    def forge(self) -> Forge:
        assert isinstance(self.server, Forge)
        return self.server

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {key: int(values[0]) for key, values in parse_qs(asked.query).items()}
        start = (query["page"] - 1) * query["per_page"]
        found = self.forge.comments[start : start + query["per_page"]]
        self._answer(200, found if asked.path == f"{REPOSITORY}/issues/7/comments" else None)

    def do_POST(self) -> None:
        made = self.path == f"{REPOSITORY}/issues/7/comments"
        self._answer(201, self.forge.add(self._body(), comment.AUTHOR) if made else None)

    def do_PATCH(self) -> None:
        body = self._body()
        row = next((each for each in self.forge.comments if self.path.endswith(f"/issues/comments/{each['id']}")), None)
        if row:
            row["body"] = body
        self._answer(200, row)

    def _body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def _answer(self, status: int, given: Any) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, given = 401, {"message": "Bad credentials"}
        elif self.forge.refusal:
            status, given = self.forge.refusal[0], {"message": self.forge.refusal[1]}
        elif given is None:
            status, given = 404, {"message": "Not Found"}
        data = json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    with Forge() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("PULL_REQUEST", "7")
        yield server
        server.shutdown()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "comment.md"
    path.write_text(f"{MARKER}\nfirst")
    return path


def test_two_runs_make_one_comment_with_the_second_body(forge: Forge, file: Path) -> None:
    assert comment.main([str(file)]) == 0
    file.write_text(f"{MARKER}\nsecond")
    assert comment.main([str(file)]) == 0
    assert [each["body"] for each in forge.comments] == [f"{MARKER}\nsecond"]


def test_the_comment_is_found_behind_a_hundred_others(forge: Forge, file: Path) -> None:
    for number in range(100):
        forge.add(f"remark {number}", "somebody")
    forge.add(f"{MARKER}\nformer", comment.AUTHOR)
    assert comment.main([str(file)]) == 0
    assert len(forge.comments) == 101
    assert forge.comments[-1]["body"] == f"{MARKER}\nfirst"


def test_a_comment_of_somebody_else_with_the_marker_is_left_alone(forge: Forge, file: Path) -> None:
    theirs = forge.add(f"{MARKER}\ntheirs", "somebody")
    ours = forge.add("<!-- another marker -->\nours", comment.AUTHOR)
    assert comment.main([str(file)]) == 0
    assert (theirs["body"], ours["body"]) == (f"{MARKER}\ntheirs", "<!-- another marker -->\nours")
    assert len(forge.comments) == 3


def test_what_the_forge_refuses_is_said_in_a_line(forge: Forge, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge.refusal = (403, "Resource not accessible by integration")
    assert comment.main([str(file)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "403 Resource not accessible by integration" in error
    assert TOKEN not in error


def test_a_forge_that_is_not_there_is_named(
    forge: Forge, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment, "RETRIES", False)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    assert comment.main([str(file)]) == 1
    assert "http://127.0.0.1:1 does not answer" in capsys.readouterr().err


def test_a_file_without_a_marker_would_be_a_new_comment_each_time_and_is_refused(
    forge: Forge, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("# Preview\n")
    assert comment.main([str(file)]) == 1
    assert "the first line must be the marker" in capsys.readouterr().err
    assert forge.comments == []


def test_a_file_and_a_variable_that_are_missing_are_named(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert comment.main([str(tmp_path / "none.md")]) == 1
    assert "none.md" in capsys.readouterr().err
    monkeypatch.delenv("PULL_REQUEST")
    assert comment.main([str(tmp_path / "none.md")]) == 1
    assert "PULL_REQUEST" in capsys.readouterr().err
