"""The engine as operators' commands use it, replaced by a program with the engine's answers."""

import json
import time
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from fake_platform import copy_project

from ops.core import interruption
from ops.core.aws import LOG_IN_AGAIN
from ops.core.engine import Engine
from ops.core.engine_errors import UnreadableStateError
from ops.core.interruption import TooLongError
from ops.errors import Exit, OpsError

PATIENCE_SECONDS = 60.0
LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete
the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/askproai/dr/1.json: created by ann@laptop (pid 4711) at 2030-01-01T00:00:00Z
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("ASKPROAI_PROJECT", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return Engine(copy_project(tmp_path))


def answers(engine: Engine, *, out: str = "", error: str = "", status: int = 0, events: str = "") -> Path:
    """Put a `pulumi` on the PATH. Returns the file to which it writes its arguments."""
    program, asked = engine.project / "bin" / "pulumi", engine.project / "asked"
    program.parent.mkdir(exist_ok=True)
    for name, text in (("out", out), ("error", error), ("events", events)):
        (engine.project / name).write_text(text)
    program.write_text(
        f"""#!/bin/sh
[ "$1" = version ] && echo v3.200.0 && exit
cd {engine.project}
echo "$@" >> asked
while [ $# -gt 0 ]; do [ "$1" = --event-log ] && cp events "$2"; shift; done
cat out; cat error >&2; exit {status}
"""
    )
    program.chmod(0o755)
    return asked


def state(outputs: dict[str, object]) -> str:
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn", "outputs": outputs}
    return json.dumps({"version": 3, "deployment": {"resources": [stack]}})


def test_outputs_are_read_from_the_state_with_secrets_left_encrypted(engine: Engine) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    asked = answers(engine, out=state({"region": "here", "token": secret}))
    assert engine.outputs("dr") == {"region": "here", "token": secret}
    assert "--show-secrets" not in asked.read_text()
    assert "stack select" not in asked.read_text()


def test_the_stacks_are_those_that_the_backend_has_of_the_project(engine: Engine) -> None:
    listed = [{"name": "prod", "current": True}, {"name": "staging", "current": False, "resourceCount": 3}]
    asked = answers(engine, out=json.dumps(listed))
    assert engine.stacks() == ["prod", "staging"]
    assert "--stack" not in asked.read_text().split()


def test_a_backend_that_does_not_answer_is_said_without_a_stack(engine: Engine) -> None:
    answers(engine, error="error: could not list: no such bucket", status=255)
    with pytest.raises(OpsError) as failed:
        engine.stacks()
    assert "`pulumi stack ls`" in str(failed.value)
    assert "no such bucket" in str(failed.value)
    assert not str(failed.value).startswith("stack ")


def test_plugins_that_the_programs_sdks_would_ask_for_are_missing_by_version(engine: Engine) -> None:
    sdk = find_spec("pulumi_cloudflare")
    assert sdk is not None
    wanted = json.loads(Path(sdk.origin or "").with_name("pulumi-plugin.json").read_text())
    there = {"kind": "resource", **wanted}
    answers(engine, out=json.dumps([there, {**there, "name": "aws", "version": "0.0.1"}]))
    (missing,) = engine.missing_plugins()
    assert missing.startswith("aws ")
    answers(engine, out="[]")
    assert f"cloudflare {wanted['version']}" in engine.missing_plugins()


def test_a_secret_is_given_through_a_pipe_and_never_on_a_command_line(engine: Engine) -> None:
    asked = answers(engine)
    program = engine.project / "bin" / "pulumi"
    program.write_text(program.read_text().replace("cat out;", "cat > given;"))
    engine.set_secret("dr", "app_key", "of nobody's business")
    assert (engine.project / "given").read_text() == "of nobody's business"
    assert asked.read_text() == "--non-interactive config set --secret askproai:app_key --stack dr\n"


def test_a_secret_that_the_engine_does_not_take_is_an_error_without_the_secret(engine: Engine) -> None:
    answers(engine, error="error: no key", status=255)
    with pytest.raises(OpsError, match="stack dr: `pulumi config set` failed: error: no key") as failed:
        engine.set_secret("dr", "app_key", "x" * 2**20)
    assert "xx" not in failed.value.message


def test_a_stack_without_an_up_has_no_outputs(engine: Engine) -> None:
    answers(engine, out=json.dumps({"version": 3, "deployment": {}}))
    assert engine.outputs("dr") == {}


def test_a_lock_names_its_holder(engine: Engine) -> None:
    answers(engine, error=LOCKED, status=255)
    with pytest.raises(OpsError) as busy:
        engine.up("dr", lambda _: None)
    assert busy.value.exit_code is Exit.BUSY
    assert "ann@laptop (pid 4711)" in busy.value.message
    assert "ops recover dr" in busy.value.message


def test_an_up_tells_what_it_changed(engine: Engine) -> None:
    summary = {"summaryEvent": {"resourceChanges": {"create": 1, "same": 190}}}
    answers(engine, events=json.dumps(summary) + "\n")
    assert engine.up("dr", lambda _: None) == {"create": 1, "same": 190}


@pytest.mark.parametrize("options", [["--client", "127.0.0.1:1"], []])
def test_a_program_that_is_loaded_is_the_one_that_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setattr("ops.core.engine.LoadedProgram", lambda: nullcontext(SimpleNamespace(options=options)))
    asked = answers(engine)
    with engine.loading("edge"):
        engine.up("edge", lambda _: None)
        engine.up("dr", lambda _: None)
    engine.up("edge", lambda _: None)
    runs = [" ".join(options) in run if options else "--client" not in run for run in asked.read_text().splitlines()]
    assert runs == ([True, False, False] if options else [True, True, True])


def test_a_failed_up_tells_the_errors_of_the_engine_one_line_each(engine: Engine) -> None:
    event = {"severity": "error", "urn": "urn:pulumi:dr::p::t::database-instance", "message": "<{%reset%}>no\nquota"}
    log = json.dumps({"diagnosticEvent": event}) + "\n"
    answers(engine, events=log + log, error="error: update failed", status=255)
    with pytest.raises(OpsError) as failed:
        engine.up("dr", lambda _: None)
    assert failed.value.message == "stack dr: database-instance: no quota"


def test_a_read_whose_plugin_ended_is_retried_and_an_up_says_what_to_do(engine: Engine) -> None:
    ended = {"severity": "error", "urn": "urn:pulumi:dr::p::t::acl", "message": "error reading from server: EOF"}
    asked = answers(engine, events=json.dumps({"diagnosticEvent": ended}) + "\n", status=255)
    said: list[str] = []
    for change in (engine.refresh, engine.up):
        with pytest.raises(OpsError, match=r"(?s)a provider's plugin exited .* again\nstack dr: acl: error reading"):
            change("dr", said.append)
    assert [line.split()[1] for line in asked.read_text().splitlines()] == ["refresh", "refresh", "up"]
    assert [line for line in said if line.startswith("read once more: ")] == said


def test_credentials_that_end_during_an_up_are_one_line_beside_what_else_failed(engine: Engine) -> None:
    texts = {"acl": "api error RequestExpired: Request has expired.", "role": "api error ExpiredToken: is expired"}
    told = [{"severity": "error", "urn": f"urn::{name}", "message": text} for name, text in texts.items()]
    log = [*told, {"severity": "error", "urn": "urn::hosts", "message": "no quota"}]
    answers(engine, events="".join(json.dumps({"diagnosticEvent": event}) + "\n" for event in log), status=255)
    with pytest.raises(OpsError) as failed:
        engine.up("dr", lambda _: None)
    assert failed.value.message == f"stack dr: {LOG_IN_AGAIN}\nstack dr: hosts: no quota"


def test_a_state_that_ended_credentials_cannot_read_is_not_damaged(engine: Engine) -> None:
    error = "error: failed to load checkpoint: blob (key): S3: GetObject, api error ExpiredToken: The provided token"
    answers(engine, error=error, status=255)
    with pytest.raises(OpsError) as failed:
        engine.export("dr")
    assert (type(failed.value), failed.value.message) == (OpsError, LOG_IN_AGAIN)


def test_a_preview_counts_what_would_change(engine: Engine) -> None:
    answers(engine, out=json.dumps({"changeSummary": {"same": 190, "update": 2}}))
    assert engine.preview_changes("dr") == {"update": 2}


def test_a_damaged_state_names_the_command_that_restores_it(engine: Engine) -> None:
    answers(engine, error="error: failed to load checkpoint: place 1: unexpected end of JSON input", status=255)
    with pytest.raises(UnreadableStateError, match=r"stack dr cannot be read: .*end of JSON input.*`ops recover dr`"):
        engine.export("dr")


def test_a_stack_that_the_backend_has_not_got_is_named(engine: Engine) -> None:
    answers(engine, error="error: no stack named 'dr' found", status=255)
    with pytest.raises(UnreadableStateError, match="stack dr is not in the state backend; run `ops bootstrap`"):
        engine.outputs("dr")


def test_an_error_that_goes_on_in_the_next_lines_is_told_to_its_end(engine: Engine) -> None:
    said = 'error: getting stack configuration: yaml: unmarshal errors:\n  line 4: mapping key "a" already defined'
    answers(engine, error=f"{said}\nerror: another\n  - detail", status=255)
    with pytest.raises(OpsError) as failed:
        engine.export("dr")
    assert failed.value.message == (
        "stack dr: `pulumi stack export` failed: error: getting stack configuration: yaml: unmarshal errors: "
        'line 4: mapping key "a" already defined; error: another'
    )


def test_an_engine_that_is_not_installed_is_an_error_of_one_line(engine: Engine) -> None:
    with pytest.raises(OpsError, match="cannot start pulumi"):
        engine.export("dr")


def runs(pid: int) -> bool:
    """Whether a process runs. The process that adopts an ended one may take seconds to notice."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("on_interrupt", "patience"), [("kill $!; exit 1", PATIENCE_SECONDS), ("", 0.2)], ids=["heeds it", "hangs"]
)
def test_an_engine_that_hangs_is_ended_when_its_time_is_over(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, on_interrupt: str, patience: float
) -> None:
    """Whether it obeys the request to end, or its provider hangs; the provider does not continue without it."""
    program, plugin = engine.project / "bin" / "pulumi", engine.project / "plugin"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntrap '{on_interrupt}' INT\nsleep 600 &\necho $! > {plugin}\nwait\n")
    program.chmod(0o755)

    def now() -> float:
        """The time is over once the provider runs."""
        return time.monotonic() + 60 * (plugin.exists() and plugin.read_text() != "")

    monkeypatch.setattr(interruption, "time", SimpleNamespace(monotonic=now))
    with engine.at_most(60, patience):
        with pytest.raises(TooLongError, match="`pulumi up` did not end within 60 s"):
            engine.up("dr", print)
        started = plugin.read_text()
        with pytest.raises(TooLongError):
            engine.refresh("dr", print)
    assert plugin.read_text() == started
    deadline = time.monotonic() + PATIENCE_SECONDS
    while runs(int(started)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [child.name() for child in psutil.Process().children() if child.name() == "pulumi"] == []
