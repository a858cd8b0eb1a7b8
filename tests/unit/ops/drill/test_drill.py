"""The drill's parts: the load, the cost of an outage, the sandbox's switches, refusals and budgets."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.core.visitor import Answer
from ops.drill import measured_loss
from ops.drill import tables as drill_tables
from ops.drill.canary import Ask, Attempt, Canary, send
from ops.drill.measured_loss import Loss, Outage
from ops.drill.sandbox_control import SandboxControl
from ops.drill.tables import Measured
from ops.errors import Exit, OpsError
from ops.objectives.expected import Expected, Posture, Standby, expected

BEGAN = datetime(2025, 1, 10, 3, tzinfo=UTC)
PRIMARY, STANDBY = "primary-1", "standby-1"
PATIENCE_SECONDS = 60


def attempt(number: int, region: str = PRIMARY, status: int = 201) -> Attempt:
    """A row a second; one that is not acknowledged has no region."""
    at = BEGAN + timedelta(seconds=number)
    return Attempt(
        id=number,
        sent=at,
        answered=at + timedelta(milliseconds=100),
        status=status,
        region=region if status == 201 else "",
        database=f"{region}-database" if status == 201 else "",
        written=at if status == 201 else None,
    )


def lost_and_found() -> list[Attempt]:
    """Ten rows in the primary, then five refusals, then three rows in the standby."""
    return [
        *(attempt(number) for number in range(10)),
        *(attempt(number, status=522) for number in range(10, 15)),
        *(attempt(number, STANDBY) for number in range(15, 18)),
    ]


def remembering(rows: list[Attempt], kept: int) -> Ask:
    """A database that has the first `kept` rows, and accepts the others when they are sent again."""

    def ask(number: int) -> Answer:
        known = next((row for row in rows[:kept] if row.id == number), None)
        written = known.written if known else BEGAN + timedelta(hours=1)
        database = known.database if known else f"{STANDBY}-database"
        assert written is not None
        return Answer(status=201, body={"written_at": written.isoformat(), "database": database, "region": STANDBY})

    return ask


def test_an_outage_is_from_the_first_refusal_to_the_first_row_elsewhere() -> None:
    found = measured_loss.outage(lost_and_found(), PRIMARY)
    assert found is not None
    assert found.began == BEGAN + timedelta(seconds=10)
    assert found.seconds == pytest.approx(5.1)


def test_a_hiccup_before_the_loss_is_no_part_of_the_outage() -> None:
    rows = lost_and_found()
    rows[3] = attempt(3, status=502)
    found = measured_loss.outage(rows, PRIMARY)
    assert found is not None
    assert found.began == BEGAN + timedelta(seconds=10)


@pytest.mark.parametrize("rows", [lost_and_found()[:10], lost_and_found()[:14], lost_and_found()[10:], []])
def test_without_a_beginning_or_an_end_there_is_no_outage(rows: list[Attempt]) -> None:
    assert measured_loss.outage(rows, PRIMARY) is None


def test_an_outage_shows_when_the_last_rows_were_all_refused() -> None:
    assert not measured_loss.fails(lost_and_found()[:12], 3)
    assert measured_loss.fails(lost_and_found()[:13], 3)
    assert not measured_loss.fails([], 1)


@pytest.mark.parametrize(("kept", "rows", "seconds"), [(10, 0, 0.0), (8, 2, 2.0), (0, 10, 9.1)])
def test_what_is_lost_are_acknowledged_rows_that_are_not_there(kept: int, rows: int, seconds: float) -> None:
    found = measured_loss.loss(lost_and_found(), PRIMARY, remembering(lost_and_found(), kept))
    assert found.rows == rows
    assert found.seconds == pytest.approx(seconds)


def test_rows_are_not_asked_for_once_enough_in_a_row_are_there() -> None:
    rows = [attempt(number) for number in range(100)]
    asked: list[int] = []
    ask = remembering(rows, 100)

    def counted(number: int) -> Answer:
        asked.append(number)
        return ask(number)

    assert measured_loss.loss(rows, PRIMARY, counted).rows == 0
    assert asked == list(range(99, 99 - measured_loss.SURVIVORS_ASKED, -1))


def test_a_row_that_cannot_be_asked_for_is_an_error_and_no_loss() -> None:
    with pytest.raises(OpsError, match="the answer is 522"):
        measured_loss.loss(lost_and_found(), PRIMARY, lambda _: Answer(status=522, body=""))


def test_the_load_goes_on_while_a_request_hangs() -> None:
    hanging = threading.Event()

    def ask(number: int) -> Answer:
        if number % 5 == 0:
            hanging.wait(PATIENCE_SECONDS)
        return Answer(status=201, body={"region": PRIMARY, "database": "d", "written_at": BEGAN.isoformat()})

    with Canary(ask, interval_seconds=0.01) as load:
        attempts = load.wait("rows", lambda attempts: len(attempts) >= 20, PATIENCE_SECONDS)
        hanging.set()
    assert all(row.acknowledged for row in attempts)
    assert all(row.id % 5 for row in attempts)


def test_numbers_of_rows_grow_from_run_to_run() -> None:
    seen: list[list[int]] = []
    for started in (1_700_000_000.0, 1_700_003_600.0):
        with Canary(lambda _: Answer(status=201, body={}), interval_seconds=0.001, clock=lambda at=started: at) as load:
            load.wait("rows", lambda rows: len(rows) >= 3, PATIENCE_SECONDS)
        seen.append([row.id for row in load.attempts()])
    first, second = seen
    assert first == sorted(set(first))
    assert (first[0], second[0]) == (1_700_000_000_000, 1_700_003_600_000)
    assert first[-1] < second[0]


def test_waiting_for_the_load_ends_with_what_it_last_got() -> None:
    with Canary(lambda _: Answer(status=522, body=""), interval_seconds=0.01) as load:
        load.wait("rows", bool, PATIENCE_SECONDS)
        with pytest.raises(OpsError, match="it is served: not within 0 s; the last answer was 522"):
            load.wait("it is served", lambda rows: any(row.acknowledged for row in rows), 0.2)


def test_an_answer_without_a_body_is_a_refusal() -> None:
    row = send(lambda _: Answer(status=0, body="refused"), 7)
    assert (row.acknowledged, row.region, row.written) == (False, "", None)


def measured(**more: Any) -> Measured:
    facts: dict[str, Any] = {
        "outage": Outage(began=BEGAN, ended=BEGAN + timedelta(seconds=200)),
        "loss": Loss(rows=3, seconds=0.8),
        "calls": {},
        "lost_region": PRIMARY,
        **more,
    }
    return Measured(**facts)


def over(found: Measured) -> list[str]:
    return drill_tables.over(drill_tables.measured_rows(found, rto_minutes=240, rpo_minutes=60), [])


def test_a_drill_within_its_budget_has_nothing_to_say() -> None:
    assert over(measured(back_loss=Loss(rows=0, seconds=0))) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"outage": Outage(began=BEGAN, ended=BEGAN + timedelta(hours=5))}, "5 h 00 min, at most 4 h 00 min"),
        ({"loss": Loss(rows=9, seconds=3601)}, "1 h 00 min, at most 1 h 00 min"),
        ({"calls": {"rds": 2, "sts": 1}}, "3 (rds, sts), at most 0"),
        ({"back_loss": Loss(rows=1, seconds=1)}, "rows lost while failing back: 1, at most 0"),
    ],
)
def test_what_is_over_budget_is_told(more: dict[str, Any], told: str) -> None:
    (line,) = over(measured(**more))
    assert told in line


def both() -> list[Expected]:
    postures: tuple[Posture, ...] = ("pilot-light", "warm")
    return [
        expected(Standby(posture=posture, warmup_seconds=300, keeps_backups=True, two_zones=True))
        for posture in postures
    ]


def test_the_table_of_expected_times_marks_each_critical_path() -> None:
    rows = {row[0]: row for row in drill_tables.expected_rows(both())}
    assert rows["promote the replica"][2:4] == ("parallel", "*")
    assert rows["create the cache"][2:4] == ("*", "")
    assert rows["at most"][2:4] == ("30", "12")
    assert rows["promote the replica"][4].startswith("assumed: RDS User Guide")


def test_every_step_has_its_source_in_the_report() -> None:
    rows = drill_tables.source_rows(both())
    assert {row[0] for row in rows[1:]} == {step.name for table in both() for step in table.steps}
    assert all(row[2] and row[3] for row in rows[1:])


class _Cloud(BaseHTTPRequestHandler):
    """A server with the answers of the sandbox's servers."""

    seen: list[str]

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Be quiet."""

    def _answer(self) -> None:
        type(self).seen.append(f"{self.command} {self.path}")
        content = {
            "/_sandbox/health": b'{"status": "ok"}',
            "/_sandbox/calls": b'{"primary-1": {"rds": {"all": 2, "blocked": 2}}}',
        }.get(self.path.partition("?")[0], b"{}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    _Cloud.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Cloud)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("ASKPROAI_APPLICATION_URL", url)
    yield _Cloud.seen
    server.shutdown()
    server.server_close()


def test_the_sandbox_is_told_how_a_region_is_lost(cloud: list[str]) -> None:
    control = SandboxControl.of()
    control.black_out(PRIMARY, "hang")
    control.restore(PRIMARY)
    assert cloud[-2:] == [f"PUT /_sandbox/blackout/{PRIMARY}?mode=hang", f"DELETE /_sandbox/blackout/{PRIMARY}"]


def test_calls_are_told_by_service(cloud: list[str]) -> None:
    assert cloud == []
    assert SandboxControl.of().calls(PRIMARY) == {"rds": 2}
    assert SandboxControl.of().calls(STANDBY) == {}


@pytest.mark.parametrize("endpoint", [None, "", "http://127.0.0.1:9"])
def test_a_drill_is_refused_where_no_sandbox_runs(monkeypatch: pytest.MonkeyPatch, endpoint: str | None) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(OpsError, match="run `make drill`") as raised:
        SandboxControl.of()
    assert raised.value.exit_code is Exit.REFUSED
