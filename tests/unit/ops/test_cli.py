"""The command line: every end of a command has its exit code and one line, and help lists them."""

import inspect
import re
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from fake_regions import refusal

from ops import cli
from ops.core.aws import LOG_IN_AGAIN
from ops.core.session import Session, SessionOptions
from ops.dr import commands
from ops.errors import MEANING, Exit, OpsError
from ops.runbooks import Page, pages


def end_of(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command line; the exit code."""
    monkeypatch.setattr(sys, "argv", ["ops", *arguments])
    monkeypatch.setattr(cli, "_interrupt_on_termination", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `ops dr status` end with an error."""

    def raises() -> None:
        raise error

    from ops.dr import status

    monkeypatch.setattr(status, "status", raises)


@pytest.mark.parametrize("code", [Exit.FAILED, Exit.REFUSED, Exit.BUSY, Exit.INCOMPLETE])
def test_an_error_is_its_lines_and_its_exit_code_without_a_traceback(
    code: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(OpsError("one thing\nanother thing", code), monkeypatch)
    assert end_of(["dr", "status"], monkeypatch) == code
    assert capsys.readouterr().err == "ops: one thing\nops: another thing\n"


def test_credentials_that_have_ended_are_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(refusal("ExpiredToken", 403), monkeypatch)
    assert end_of(["dr", "status"], monkeypatch) == Exit.FAILED
    assert capsys.readouterr().err == f"ops: {LOG_IN_AGAIN}\n"


@pytest.mark.parametrize(
    ("error", "next_one"),
    [
        (
            EndpointConnectionError(endpoint_url="s3"),
            "`ops recover --backend-copy`; otherwise run the same command again",
        ),
        (ReadTimeoutError(endpoint_url="s3"), "`ops recover --backend-copy`; otherwise run the same command again"),
        (refusal("SlowDown", 503), "`ops dr status` says which region does not answer"),
        (OSError(28, "No space left on device"), "put that right, then run the same command again"),
        (PermissionError(13, "Permission denied"), "put that right, then run the same command again"),
    ],
)
def test_what_ends_a_command_from_outside_says_what_comes_next(
    error: Exception, next_one: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state's region may be lost, or the disk full, whatever the command was about to write."""
    failing(error, monkeypatch)
    assert end_of(["dr", "status"], monkeypatch) == Exit.FAILED
    assert next_one in capsys.readouterr().err


def test_a_defect_is_one_line_and_its_traceback_is_there_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyError("nothing"), monkeypatch)
    assert end_of(["dr", "status"], monkeypatch) == Exit.FAILED
    assert capsys.readouterr().err == "ops: KeyError: 'nothing' (--debug shows where)\n"
    assert end_of(["--debug", "dr", "status"], monkeypatch) == Exit.FAILED
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupted_command_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyboardInterrupt(), monkeypatch)
    assert end_of(["dr", "status"], monkeypatch) == Exit.INTERRUPTED
    assert "ops dr status" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["dr", "flip"], ["dr", "flip", "--to", "dr", "--undo"], ["dr", "nothing"]])
def test_a_wrong_command_line_is_a_usage_error(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    assert end_of(arguments, monkeypatch) == Exit.USAGE


@pytest.mark.parametrize(
    ("given", "asked_for"),
    [
        ([], SessionOptions()),
        (
            ["--dry-run", "--yes", "--take-over", "a@b", "--force", "why", "--accept-lag", "5", "--report", "here"],
            SessionOptions(dry_run=True, yes=True, take_over="a@b", force="why", accept_lag=5, report=Path("here")),
        ),
        (["--waive-fence", "gone"], SessionOptions(waive_fence="gone")),
        (["--waive-fence", "gone", "--waive-fence", "yes"], SessionOptions(waive_fence="yes", waive_answering=True)),
    ],
)
def test_the_options_are_those_of_the_session(
    given: list[str], asked_for: SessionOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[SessionOptions, str]] = []

    def of(options: SessionOptions) -> SessionOptions:
        return options

    def fail_over(options: SessionOptions, to: str) -> None:
        begun.append((options, to))

    monkeypatch.setattr(Session, "of", of)
    monkeypatch.setattr("ops.dr.failover.failover", fail_over)
    assert end_of(["dr", "failover", "--to", "dr", *given], monkeypatch) == Exit.OK
    assert begun == [(asked_for, "dr")]


def test_help_names_every_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert end_of(["--help"], monkeypatch) == Exit.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert [code for code in MEANING if f"{code.value} {MEANING[code][:12]}" not in shown] == []
    assert set(MEANING) == set(Exit)


@pytest.mark.parametrize("command", ["", "dr", *cli.LATER])
def test_help_shows_every_command_by_its_name_and_no_option_that_is_not_ours(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end_of([command, "--help"] if command else ["--help"], monkeypatch) == Exit.OK
    shown = capsys.readouterr().out
    assert "completion" not in shown
    listed = re.findall(r"^│ (\w*) ", shown.partition("─ Commands ─")[2], flags=re.MULTILINE)
    assert command or [name for name in ["dr", *cli.LATER] if name not in listed] == []


def test_every_command_that_changes_something_has_a_dry_run() -> None:
    changing = {
        command.name or command.callback.__name__: command.callback
        for command in commands.app.registered_commands
        if command.callback
    }
    without = {name for name, callback in changing.items() if "dry_run" not in callback.__annotations__}
    assert without == {"status", "drill"}


def test_the_command_line_starts_without_the_clouds_libraries() -> None:
    import subprocess

    code = (
        "import ops.cli, sys; print([m for m in ('boto3', 'cloudflare', 'pulumi', 'ruamel.yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_help_fills_its_lines_and_shows_a_flag_without_a_value(
    page: Page, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    assert end_of([*page.path.split()[1:], "--help"], monkeypatch) == 0
    shown = capsys.readouterr().out
    assert {paragraph.replace("\n", " ") for paragraph in inspect.cleandoc(page.command.help).split("\n\n")} <= {
        line.strip() for line in shown.splitlines()
    }
    assert "bool" not in shown
