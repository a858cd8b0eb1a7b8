"""Debian's Alertmanager delivers: fired alerts reach mail, Slack, on-call and the dead man's switch."""

import time
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
PORT = 19093
ACCOUNT, PASSWORD = 'the "account"', "the-password"
SCRIPT = f"""#!/bin/sh
prometheus-alertmanager --config.file={RECEIVERS}/alertmanager.yml --storage.path=/var/tmp/alertmanager \\
    --cluster.listen-address= --web.listen-address={LOOPBACK}:{PORT} 2>/var/tmp/log &
pid=$!
amtool="amtool --alertmanager.url=http://{LOOPBACK}:{PORT}"
for _ in $(seq 100); do $amtool cluster show >/dev/null 2>&1 && break; sleep 0.1; done
about="--annotation=summary=Jobs_pile_up --annotation=runbook={RUNBOOK}"
for queue in default high; do
    $amtool alert add $about alertname=Backlog severity=critical environment=tested queue=$queue
done
$amtool alert add $about alertname=Backlog severity=warning environment=tested queue=high
$amtool alert add alertname=Heartbeat severity=heartbeat environment=tested
sleep 6
kill $pid
cat /var/tmp/log
"""


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
        host.write("/deliver", SCRIPT)
        done = host.run("/deliver")
        deadline = time.monotonic() + 5
        while not mail.mails and time.monotonic() < deadline:
            time.sleep(0.1)
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
