"""Alertmanager's own amtool shows who is notified: by severity, by day and in a maintenance window."""

import datetime
from dataclasses import replace

import pytest
import yaml
from debian import Host
from host_values import WATCH

from hosts.roles import MONITORING
from monitoring.host.files import files
from monitoring.host.watch import Watch
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
FILE = "/etc/prometheus/alertmanager.yml"
SECRETS = sorted(WATCH.receivers)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(made(Paths.of()), tmp_path_factory.mktemp("host"), MONITORING, {})


def configured(host: Host, watch: Watch = WATCH) -> dict[str, dict[str, object]]:
    """Write the configuration. Returns its receivers by name."""
    text = files(watch)[FILE]
    host.write(FILE, text)
    return {each["name"]: each for each in yaml.safe_load(text)["receivers"]}


@pytest.mark.parametrize("severity", ["critical", "warning", "heartbeat"])
def test_each_severity_has_its_receiver(host: Host, severity: str) -> None:
    configured(host)
    told = ("amtool", "config", "routes", "test", f"--config.file={FILE}", f"--verify.receivers={severity}")
    assert host.run(*told, "alertname=Any", f"severity={severity}").returncode == 0
    other = "critical" if severity == "warning" else "warning"
    assert host.run(*told, "alertname=Any", f"severity={other}").returncode != 0


def test_what_has_no_severity_is_told_as_if_it_were_critical(host: Host) -> None:
    configured(host)
    done = host.run("amtool", "config", "routes", "test", f"--config.file={FILE}", "alertname=Any")
    assert done.stdout.strip() == "critical"


def test_who_is_woken_mailed_and_called_is_as_the_manuals_have_it(host: Host) -> None:
    found = configured(host)
    critical, warning = (str(found[severity]) for severity in ("critical", "warning"))
    assert ("oncall@example.com" in critical, "#alerts-critical" in critical, "on_call_webhook" in critical) == (
        *(True, True, True),
    )
    assert ("team@example.com" in warning, "#alerts-warning" in warning, "on_call_webhook" in warning) == (
        *(True, True, False),
    )
    assert "heartbeat_url" in str(found["heartbeat"])


@pytest.mark.parametrize("missing", SECRETS)
def test_a_receiver_whose_secret_is_not_set_is_left_out_and_the_others_stay(host: Host, missing: str) -> None:
    watch = replace(WATCH, receivers=WATCH.receivers - {missing})
    text = files(watch)[FILE]
    ways = {
        "mail": "email_configs",
        "slack": "slack_configs",
        "on_call": "on_call_webhook",
        "heartbeat": "heartbeat_url",
    }
    left_out = {way: word for way, word in ways.items() if missing.startswith(way)}
    assert {word: word in text for word in ways.values()} == {
        word: word not in left_out.values() for word in ways.values()
    }
    host.write(FILE, text)
    assert host.run("amtool", "check-config", FILE).returncode == 0


def test_a_host_without_any_secret_still_starts(host: Host) -> None:
    configured(host, replace(WATCH, receivers=frozenset()))
    assert host.run("amtool", "check-config", FILE).returncode == 0


def test_in_the_maintenance_window_warnings_wait_and_nobody_else(host: Host) -> None:
    route = yaml.safe_load(files(WATCH)[FILE])["route"]
    muted = {each["receiver"]: each.get("mute_time_intervals", []) for each in route["routes"]}
    assert muted == {"critical": [], "warning": ["maintenance"], "heartbeat": []}


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def silent(watch: Watch, moment: datetime.datetime) -> bool:
    """Whether a time is in one of the intervals (Prometheus documentation, Alertmanager, "time_interval": UTC, the
    end not included)."""
    [interval] = yaml.safe_load(files(watch)[FILE])["time_intervals"]
    day, clock = DAYS[moment.weekday()], moment.strftime("%H:%M")
    return any(
        day in each["weekdays"] and any(time["start_time"] <= clock < time["end_time"] for time in each["times"])
        for each in interval["time_intervals"]
    )


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("tue:02:00-tue:03:00", ["03-03 02:00", "03-03 02:59"], ["03-03 01:59", "03-03 03:00", "03-04 02:30"]),
        ("sun:23:30-mon:00:30", ["03-01 23:30", "03-02 00:29"], ["03-01 23:29", "03-02 00:30", "03-02 23:45"]),
        ("sat:23:00-sun:00:00", ["02-28 23:00", "02-28 23:59"], ["03-01 00:00", "02-28 22:59"]),
    ],
)
def test_the_window_is_that_of_the_settings(host: Host, window: str, inside: list[str], outside: list[str]) -> None:
    # March 3, 2026 is a Tuesday.
    watch = replace(WATCH, maintenance_window=window)
    configured(host, watch)
    assert host.run("amtool", "check-config", FILE).returncode == 0
    moments = {
        text: datetime.datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=datetime.UTC)
        for text in [*inside, *outside]
    }
    assert [text for text, moment in moments.items() if silent(watch, moment)] == inside
