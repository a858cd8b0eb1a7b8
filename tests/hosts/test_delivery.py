"""Debian's Alertmanager delivers: fired alerts reach mail, Slack, on-call and the dead man's switch."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import pytest
import yaml
from debian import Host
from host_values import WATCH
from programs import program
from receivers import LOOPBACK, MailServer, WebServer, listening

from hosts.roles import MONITORING
from monitoring.host.files import files
from monitoring.host.watch import RECEIVERS
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
RUNBOOK = "docs/alerts/queue-backlog.md"
ACCOUNT, PASSWORD = 'the "account"', "the-password"
TOLD, MUTED = 4, 1
"""Mail, Slack, the service on call and the dead man's switch are told; of the warning, nobody."""
SCRIPT = f"""#!/bin/sh
prometheus-alertmanager --config.file={RECEIVERS}/alertmanager.yml --storage.path=/var/tmp/alertmanager \\
    --cluster.listen-address= --web.listen-address={LOOPBACK}:0 2>/var/tmp/log &
pid=$!
until at=$(sed -n 's/.*"Listening on" address=//p' /var/tmp/log) && [ -n "$at" ]; do sleep 0.1; done
# All at once: what comes after the group's wait is another notification.
curl --silent --show-error --fail --json @/alerts.json "http://$at/api/v2/alerts"
for _ in $(seq 300); do
    curl --silent "http://$at/metrics" | awk '
        /^alertmanager_notification_latency_seconds_count/ {{ told += $NF }}
        /^alertmanager_notifications_suppressed_total/ {{ muted += $NF }}
        END {{ exit !(told >= {TOLD} && muted >= {MUTED}) }}' && break
    sleep 0.2
done
kill $pid
cat /var/tmp/log
"""
CRITICAL = {"alertname": "Backlog", "severity": "critical", "environment": "tested"}
ALERTS = [CRITICAL | {"queue": "default"}, CRITICAL | {"queue": "high"},
          CRITICAL | {"queue": "high", "severity": "warning"},
          CRITICAL | {"alertname": "Heartbeat", "severity": "heartbeat"}]  # fmt: skip
ABOUT = {"summary": "Jobs_pile_up", "runbook": RUNBOOK}


def configuration(fetch: ModuleType, watch_text: str) -> str:
    """The host's own configuration, by the host's own program, with waits of a second and without encryption."""
    content = yaml.safe_load(watch_text)
    content["global"]["smtp_require_tls"] = False
    for route in (content["route"], *content["route"]["routes"]):
        route["group_wait"] = "1s"
    text: str = fetch.configured(yaml.safe_dump(content), {"mail_username": ACCOUNT})
    return text


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MailServer, WebServer]]:
    """What arrived."""
    host = Host(made(Paths.of()), tmp_path_factory.mktemp("host"), MONITORING, {})
    with listening() as (mail, web):
        url = f"http://{LOOPBACK}:{web.server_port}"
        watch = replace(WATCH, mail_server=f"localhost:{mail.server_address[1]}")
        text = configuration(program("fetch_receivers"), files(watch)["/etc/prometheus/alertmanager.yml"])
        host.write(f"{RECEIVERS}/alertmanager.yml", text)
        host.write(f"{RECEIVERS}/mail_password", PASSWORD)
        for name in ("heartbeat_url", "on_call_webhook", "slack_webhook"):
            host.write(f"{RECEIVERS}/{name}", f"{url}/{name}")
        host.write("/etc/hosts", f"{LOOPBACK} localhost\n")
        host.write("/alerts.json", json.dumps([{"labels": labels, "annotations": ABOUT} for labels in ALERTS]))
        host.write("/deliver", SCRIPT)
        done = host.run("/deliver")
        assert mail.mails, done.stdout + done.stderr
        yield mail, web


def test_one_mail_tells_the_engineer_on_call_of_both_queues(told: tuple[MailServer, WebServer]) -> None:
    mail, _ = told
    assert mail.recipients == ["oncall@example.com"]
    [message] = mail.mails
    assert message["Subject"] == "[FIRING] Backlog in tested"
    text = message.as_string()
    assert (text.count("Jobs_pile_up"), text.count(RUNBOOK)) == (2, 2)


def test_the_mail_server_is_given_the_account_of_the_secrets(told: tuple[MailServer, WebServer]) -> None:
    assert told[0].accounts == [f"\0{ACCOUNT}\0{PASSWORD}"]


def test_slack_and_the_service_on_call_get_the_same(told: tuple[MailServer, WebServer]) -> None:
    _, web = told
    [slack] = web.posted["/slack_webhook"]
    assert slack["channel"] == "#alerts-critical"
    assert RUNBOOK in str(slack)
    [on_call] = web.posted["/on_call_webhook"]
    assert {alert["labels"]["queue"] for alert in on_call["alerts"]} == {"default", "high"}


def test_the_warning_of_what_is_critical_already_is_not_told(told: tuple[MailServer, WebServer]) -> None:
    mail, web = told
    assert "team@example.com" not in mail.recipients
    assert "#alerts-warning" not in str(web.posted["/slack_webhook"])


def test_the_dead_mans_switch_hears_that_all_works(told: tuple[MailServer, WebServer]) -> None:
    [beat] = told[1].posted["/heartbeat_url"]
    assert beat["groupLabels"] == {"alertname": "Heartbeat"}
