"""The hosts that prod declares, booted from its own launch templates: they serve, recover, and apply changes."""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import contract
from hosts.contents import RDS_AUTHORITIES
from hosts.roles import MONITORING
from ops.core.aws import rows
from ops.secrets.hosts import ACCOUNTS, READ_AGAIN
from sandbox.instances.command import caller_of, groups_of, stack_outputs
from sandbox.instances.release import RELEASE, publish
from sandbox.instances.root import PHP_VERSION, unavailable
from sandbox.instances.surroundings import Surroundings, declared, surroundings
from sandbox.servers.processes import urls
from sandbox.toolchain.steps import SandboxError
from tests.booted import POLL_SECONDS, Host
from tests.e2e.operated import Platform, black_out, meanwhile, platforms

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(unavailable()), reason=unavailable())]
HEALTHY_SECONDS = 300.0
BACK_SECONDS = 120.0
PHP_FPM = f"php{PHP_VERSION}-fpm"
WORKER = "askproai-worker@high_1"
QUEUE = "askproai-prod-queue-high"
STRANGER = "203.0.113.9"
"""An address outside the VPC (RFC 5737)."""
VISITOR = {"X-Forwarded-For": f"{STRANGER}, 173.245.48.5"}
"""Headers as Cloudflare and the load balancer forward them."""
REFUSED = r"timed out|refused"
STRANGERS = "/tmp/strangers.pem"
CONNECT = """
try {
    $options = $argv[1] ? [PDO::MYSQL_ATTR_SSL_CA => $argv[1]] : [];
    new PDO('mysql:host=' . getenv('DB_HOST'), getenv('DB_USERNAME'), getenv('DB_PASSWORD'), $options);
    echo 'connected';
} catch (Throwable $error) {
    echo $error->getMessage();
}
"""
"""Shows whether PHP reaches the database if it trusts the authorities in a file."""
CHANGED = {"web-bundle", "web-blue-template", "web-blue-group", "web-green-template", "web-green-group"}
"""The only resources that a changed file of the web hosts may change."""


@pytest.fixture(scope="module")
def outputs(platform: Platform) -> dict[str, Any]:
    return stack_outputs(platform.paths, urls(platform.paths), platform.stack)


@pytest.fixture(scope="module")
def around(platform: Platform, outputs: dict[str, Any]) -> Iterator[Surroundings]:
    """The surroundings of prod's instances, with database, cache and the release."""
    aws = platform.variables["AWS_ENDPOINT_URL"]
    caller = caller_of(aws, platform.region, outputs)
    with surroundings(platform.paths, aws, platform.region, caller) as around:
        publish(around.client("s3"), outputs["bucket_names"]["releases"], RELEASE)
        around.outside.ip("address", "add", f"{STRANGER}/32", "dev", "lo")
        around.boot_data()
        yield around


@pytest.fixture(scope="module")
def hosts(around: Surroundings, outputs: dict[str, Any]) -> dict[str, Host]:
    """A web host and a worker, which start at the same time; the rest of the groups are records."""
    return {role: Host.of(around, first(around, outputs, role)) for role in ("web", "workers")}


@pytest.fixture(scope="module")
def web(hosts: dict[str, Host]) -> Host:
    return healthy(hosts["web"])


@pytest.fixture(scope="module")
def worker(hosts: dict[str, Host]) -> Host:
    hosts["workers"].machine.wait_for(WORKER, HEALTHY_SECONDS)
    return hosts["workers"]


def first(around: Surroundings, outputs: dict[str, Any], role: str) -> str:
    """The role's instance in service that operators' commands use if one is enough."""
    return min(found for group in groups_of(outputs, role) for found in declared(around.client, group))


def healthy(host: Host) -> Host:
    host.wait(contract.HEALTH_PATH, 200, HEALTHY_SECONDS)
    host.healthy_seconds = time.monotonic() - host.started
    return host


def ids(web: Host) -> list[int]:
    """The rows that visitors see."""
    found: list[int] = json.loads(web.ask(contract.CANARY_PATH).text)["ids"]
    return found


def queue_job(web: Host, number: int, seconds: int = 0) -> None:
    assert web.ask(f"/api/jobs/{QUEUE}", method="POST", body={"id": number, "seconds": seconds}).status == 202


def until(done: Any, host: Host, unit: str) -> None:
    deadline = time.monotonic() + BACK_SECONDS
    while not done():
        assert time.monotonic() < deadline, host.machine.run("journalctl", "-u", unit, "--no-pager", check=False)
        time.sleep(POLL_SECONDS)


def test_a_web_host_becomes_healthy_with_its_user_data_alone(web: Host, platform: Platform) -> None:
    answer = json.loads(web.ask(contract.HEALTH_PATH).text)
    assert (answer["release"], answer["php"].startswith(PHP_VERSION)) == (RELEASE, True)
    assert web.machine.run("cloud-init", "status", "--wait").strip() == "status: done"
    used = web.machine.usage()
    print(f"healthy {web.healthy_seconds:.1f} s, CPU {used.cpu_seconds:.1f} s, {used.memory_bytes / 1e6:.0f} MB")


@pytest.mark.parametrize("path", contract.health_paths())
def test_every_check_of_health_answers_from_outside(web: Host, path: str) -> None:
    web.wait(path, 200, BACK_SECONDS)


def test_the_vpc_reaches_the_ports_of_its_role_alone(web: Host) -> None:
    listening = web.machine.run("ss", "-ltnH")
    assert "127.0.0.1:8080" in listening
    for port in (80, 22, 9100):
        web.around.connection(web.address, port, BACK_SECONDS).close()
    for port in (443, 8080):
        with pytest.raises(OSError, match=REFUSED):
            web.around.connection(web.address, port, 1)


@pytest.mark.parametrize("port", [22, 80, 9100])
def test_nobody_else_reaches_any_port(web: Host, port: int) -> None:
    with web.around.outside.entered(), pytest.raises(OSError, match=REFUSED):
        socket.create_connection((web.address, port), 1, (STRANGER, 0))


def test_visitors_get_neither_hidden_files_nor_scripts_nor_metrics(web: Host) -> None:
    for name in (".env", "other.php"):
        web.machine.run("sh", "-c", f"echo '<?php echo 1;' >/srv/askproai/current/public/{name}")
    asked = ("/.env", "/other.php", "/index.php/other", "/.git/config", contract.METRICS_PATH)
    assert {path: web.ask(path, headers=VISITOR).status for path in asked} == {
        "/.env": 403,
        "/other.php": 404,
        "/index.php/other": 404,
        "/.git/config": 403,
        contract.METRICS_PATH: 403,
    }
    assert web.ask(contract.METRICS_PATH).status == 200


def test_the_log_has_the_visitors_own_address(web: Host) -> None:
    web.ask("/nothing-there", headers=VISITOR)
    log = web.machine.run("tail", "-n", "1", "/var/log/nginx/access.log")
    assert (json.loads(log)["client"], json.loads(log)["uri"]) == (STRANGER, "/index.php")


def test_secrets_are_in_memory_for_the_application_alone(web: Host) -> None:
    assert web.machine.run("stat", "--format=%U %a", "/run/askproai/secrets.env").strip() == "www-data 400"
    assert web.machine.run("findmnt", "--noheadings", "--output=FSTYPE", "--target=/run/askproai").strip() == "tmpfs"


@pytest.mark.parametrize(
    ("authorities", "answer"),
    [
        (RDS_AUTHORITIES, "connected"),
        ("", "insecure transport are prohibited"),
        (STRANGERS, "Cannot connect to MySQL using SSL"),
    ],
    ids=["those of the bundle", "none", "a stranger's"],
)
def test_the_database_is_reached_by_a_connection_that_is_encrypted_and_verified(
    web: Host, authorities: str, answer: str
) -> None:
    web.machine.run("sh", "-c", f"head -n 30 /etc/ssl/certs/ca-certificates.crt >{STRANGERS}")
    files = ("/etc/askproai/host.env", "/run/askproai/secrets.env", "/run/askproai/addresses.env")
    environment = [part for file in files for part in ("--property", f"EnvironmentFile={file}")]
    assert answer in web.machine.run(
        "systemd-run", "--quiet", "--wait", "--pipe", *environment, "php", "-r", CONNECT, authorities, check=False
    )


def connected(host: Host, account: dict[str, str]) -> str:
    """PHP's result of connecting to the database from a host with one of its accounts."""
    with_it = [f"--setenv=DB_USERNAME={account['username']}", f"--setenv=DB_PASSWORD={account['password']}"]
    place = ["--property", "EnvironmentFile=/run/askproai/addresses.env", *with_it]
    command = ("systemd-run", "--quiet", "--wait", "--pipe", *place, "php", "-r", CONNECT, RDS_AUTHORITIES)
    return host.machine.run(*command, check=False)


def test_a_worker_makes_and_locks_an_account_as_the_administrator(
    worker: Host, around: Surroundings, outputs: dict[str, Any]
) -> None:
    arns = outputs["secret_arns"]
    secret, administrator = arns["database-application"], arns["database"]
    account = {"username": "application_rotated", "password": "it's-another"}
    version = around.client("secretsmanager").put_secret_value(
        SecretId=secret, SecretString=json.dumps(account), VersionStages=["AWSPENDING"]
    )["VersionId"]

    worker.machine.run("sh", "-c", f"{ACCOUNTS} make {administrator} application={secret}:{version}")
    assert connected(worker, account) == "connected"
    worker.machine.run("sh", "-c", f"{ACCOUNTS} lock {administrator} {account['username']}")
    assert "is locked" in connected(worker, account)


@dataclass
class Visits:
    """A host's answers to requests that need the database, by the time of the monotonic clock."""

    answers: list[tuple[float, int]] = field(default_factory=list)

    def of(self, web: Host) -> AbstractContextManager[None]:
        """Send requests continuously; a host that does not answer has status 0."""

        def visit() -> None:
            status = 0
            with suppress(OSError, HTTPException):
                status = web.ask(contract.CANARY_PATH).status
            self.answers.append((time.monotonic(), status))

        return meanwhile(visit, POLL_SECONDS)

    @property
    def unserved_seconds(self) -> float:
        """The longest time between two served requests."""
        served = [moment for moment, status in self.answers if status == HTTPStatus.OK]
        return max(later - earlier for earlier, later in pairwise(served))


def moment(host: Host, *command: str) -> str:
    """The time of a command on a host, in UTC with microseconds, comparable as text."""
    (found,) = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", host.machine.run("env", "TZ=UTC", *command))
    return found


def users(around: Surroundings) -> dict[str, bool]:
    """Which of the accounts' alternating names the database has, and whether each is locked."""
    (data,) = [machine for machine in around.machines if machine.name == "data"]
    locked = "IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) IN ('1', 'true')"
    asked = f"SELECT User, {locked} FROM mysql.global_priv WHERE User REGEXP '_[12]$'"
    rows = data.run("mariadb", "--batch", "--skip-column-names", "--execute", asked).splitlines()
    return {user: locked == "1" for user, locked in (row.split("\t") for row in rows)}


def account(around: Surroundings, name: str, label: str) -> dict[str, str]:
    """An account on the database, from a version of its secret."""
    found = around.client("secretsmanager").get_secret_value(
        SecretId=f"askproai-prod-database-{name}", VersionStage=label
    )
    content: dict[str, str] = json.loads(found["SecretString"])
    return content


@pytest.fixture
def lost_standby(platform: Platform, up: set[str]) -> Iterator[Platform]:
    """The standby's region does not answer; if its stack is up, it gets the accounts afterwards."""
    standby = platforms(platform.paths)["dr"]
    black_out(standby, "refuse")
    yield standby
    black_out(standby, None)
    if standby.stack in up:
        platform.ops("secrets", "rotate", "database", "--yes")


def test_a_rotation_changes_the_accounts_of_a_database_while_hosts_serve_and_the_standbys_region_is_lost(
    web: Host, worker: Host, around: Surroundings, platform: Platform, lost_standby: Platform
) -> None:
    visits = Visits()
    before = users(around)
    assert set(before.values()) == {False}
    with visits.of(web):
        told = platform.ops("secrets", "rotate", "database", "--yes").stdout
        web.wait(contract.CANARY_PATH, 200, BACK_SECONDS)
    assert f"{lost_standby.region} does not answer: dr is left out" in told

    made = {account(around, user[:-2], "AWSCURRENT")["username"] for user in before}
    assert (len(made), made & before.keys()) == (4, set())
    assert users(around) == dict.fromkeys(before, True) | dict.fromkeys(made, False)
    new, former = (account(around, "application", label) for label in ("AWSCURRENT", "AWSPREVIOUS"))
    assert connected(worker, new) == "connected"
    assert "is locked" in connected(worker, former)
    for host in (web, worker):
        assert new["password"] in host.machine.run("cat", "/run/askproai/secrets.env")
    queue_job(web, 6)
    until(lambda: 6 in ids(web), worker, WORKER)
    kept = told + json.dumps(list(rows(around.client("ssm"), "list_commands")), default=str)
    assert [each["password"] in kept for each in (new, former)] == [False, False]

    # It served until it had its new secrets, and again before a load balancer marks a host unhealthy.
    ended = ("systemctl", "show", "--value", "--timestamp=us+utc", "--property=InactiveEnterTimestamp", PHP_FPM)
    assert moment(web, *ended) > moment(web, "stat", "--format=%y", "/run/askproai/secrets.env")
    groups = around.client("elbv2").describe_target_groups(Names=["askproai-prod-web-blue"])["TargetGroups"]
    given_up_seconds = groups[0]["HealthCheckIntervalSeconds"] * groups[0]["UnhealthyThresholdCount"]
    print(f"a host that read its secrets anew served nobody for {visits.unserved_seconds:.1f} s")
    assert visits.unserved_seconds < given_up_seconds


def test_a_host_on_which_secrets_are_not_taken_says_so(web: Host) -> None:
    """Systems Manager continues with the next host if the command succeeds."""
    broken = f"/etc/php/{PHP_VERSION}/fpm/pool.d/broken.conf"
    web.machine.run("sh", "-c", f"echo nonsense >{broken}")
    try:
        with pytest.raises(SandboxError, match=PHP_FPM):
            web.machine.run("sh", "-c", READ_AGAIN)
    finally:
        web.machine.run("rm", broken)
    web.wait(contract.HEALTH_PATH, 200, BACK_SECONDS)


@pytest.mark.parametrize("unit", ["nginx", PHP_FPM])
def test_a_service_that_is_killed_serves_again(web: Host, unit: str) -> None:
    web.kill(unit, BACK_SECONDS)
    web.wait(f"{contract.HEALTH_PATH}/database", 200, BACK_SECONDS)


def test_a_worker_does_the_job_that_a_visitor_queued(web: Host, worker: Host) -> None:
    queue_job(web, 7)
    until(lambda: 7 in ids(web), worker, WORKER)


def test_a_worker_that_is_killed_works_again(web: Host, worker: Host) -> None:
    for number in (1, 2):
        worker.kill(f"askproai-worker@high_{number}", BACK_SECONDS)
    queue_job(web, 8)
    until(lambda: 8 in ids(web), worker, WORKER)


@pytest.fixture(scope="module")
def monitoring(around: Surroundings, outputs: dict[str, Any], web: Host, worker: Host) -> Host:
    """The monitoring host, while it can find other hosts."""
    assert web.healthy_seconds
    assert worker.machine.running()
    host = Host.of(around, first(around, outputs, "monitoring"))
    host.wait("/-/ready", 200, HEALTHY_SECONDS, MONITORING.port)
    return host


def told(monitoring: Host, path: str) -> Any:
    """What Prometheus answers."""
    return json.loads(monitoring.ask(f"/api/v1/{path}", port=MONITORING.port).text)["data"]


def up(monitoring: Host, job: str) -> set[str]:
    """The targets of a job that answer."""
    targets = told(monitoring, "targets?state=active")["activeTargets"]
    return {one["labels"]["instance"] for one in targets if one["labels"]["job"] == job and one["health"] == "up"}


def test_the_monitoring_host_finds_the_hosts_of_its_region_and_they_answer_it(
    monitoring: Host, web: Host, worker: Host
) -> None:
    booted = {host.machine.name for host in (monitoring, web, worker)}
    until(lambda: booted <= up(monitoring, "node"), monitoring, "prometheus")
    until(lambda: web.machine.name in up(monitoring, "askproai"), monitoring, "prometheus")


@pytest.mark.parametrize("metric", ["mysql_up", "redis_up"])
def test_the_exporters_reach_database_and_cache_with_the_secrets_of_the_region(monitoring: Host, metric: str) -> None:
    def value() -> list[str]:
        return [one["value"][1] for one in told(monitoring, f"query?query={metric}")["result"]]

    until(
        lambda: value() == ["1"],
        monitoring,
        f"prometheus-{metric.replace('mysql_up', 'mysqld').split('_')[0]}-exporter",
    )


def test_the_connection_to_the_database_is_encrypted(monitoring: Host) -> None:
    def encrypted() -> bool:
        found = told(monitoring, "query?query=mysql_global_status_ssl_accepts")["result"]
        return bool(found) and float(found[0]["value"][1]) > 0

    until(encrypted, monitoring, "prometheus-mysqld-exporter")


def test_the_address_of_grafana_says_that_there_is_none(monitoring: Host) -> None:
    answer = monitoring.ask("/grafana/", port=MONITORING.port)
    assert (answer.status, "monitoring.grafana" in answer.text) == (503, True)


def test_an_alert_of_prometheus_reaches_alertmanager(monitoring: Host) -> None:
    def alerts() -> str:
        return monitoring.machine.run("curl", "-s", "http://127.0.0.1:9093/api/v2/alerts", check=False)

    until(lambda: '"alertname":"Heartbeat"' in alerts(), monitoring, "prometheus-alertmanager")


def test_what_it_remembers_is_on_the_volume_that_outlives_it(monitoring: Host) -> None:
    [volume] = rows(
        monitoring.around.client("ec2"), "describe_volumes", Filters=[{"Name": "tag:Component", "Values": ["metrics"]}]
    )
    source = monitoring.machine.run(
        "findmnt", "--noheadings", "--output=SOURCE", "--target=/srv/metrics/prometheus/wal"
    )
    assert volume["VolumeId"].replace("-", "") in source
    assert [one["InstanceId"] for one in volume["Attachments"]] == [monitoring.machine.name]


def test_the_secrets_of_monitoring_are_in_memory_for_its_services_alone(monitoring: Host) -> None:
    assert monitoring.machine.run("stat", "--format=%U %a", "/run/askproai/secrets.env").strip() == "prometheus 400"
    assert "APP_KEY" not in monitoring.machine.run("cat", "/run/askproai/secrets.env")


def test_a_terminated_worker_ends_its_job_before_it_goes(web: Host, worker: Host) -> None:
    scaling, ec2 = worker.around.client("autoscaling"), worker.around.client("ec2")

    def state() -> str:
        return str(ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"])

    instance, sqs = worker.machine.name, worker.around.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def waiting(name: str) -> str:
        return str(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name])

    queue_job(web, 9, seconds=8)
    until(lambda: waiting("ApproximateNumberOfMessagesNotVisible") == "1", worker, WORKER)
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=False)
    assert (state(), 9 in ids(web)) == ("running", False)

    until(lambda: state() == "terminated", worker, "askproai-finish")
    assert 9 in ids(web)
    assert waiting("ApproximateNumberOfMessagesNotVisible") == "0"
    assert worker.machine.run("systemctl", "is-active", WORKER, check=False).strip() == "inactive"


@contextmanager
def another_file(platform: Platform) -> Iterator[None]:
    """Prod's program with a changed file of the web hosts."""
    file = platform.paths.project / "Pulumi.yaml"
    before = file.read_text()
    program = os.path.relpath(Path(__file__).parent / "changed_host", platform.paths.project)
    try:
        file.write_text(re.sub("^main: .*$", f"main: {program}", before, flags=re.MULTILINE))
        yield
    finally:
        file.write_text(before)


def test_a_changed_file_is_served_by_a_new_host(web: Host, platform: Platform, outputs: dict[str, Any]) -> None:
    around, header = web.around, "X-Frame-Options"
    assert web.ask(contract.HEALTH_PATH).headers[header] == "SAMEORIGIN"
    try:
        with another_file(platform):
            done = platform.pulumi("up", "--yes", "--skip-preview").stdout
        assert set(re.findall(r"([\w-]+) (?:created|updated|replaced|deleted) ", done)) == CHANGED
        instance = first(around, outputs, "web")
        assert instance != web.machine.name
        # The refresh terminated the instance, and may have given its address to the next one.
        around.stop(web.machine)
        other = healthy(Host.of(around, instance))
        assert other.ask(contract.HEALTH_PATH).headers[header] == "DENY"
    finally:
        platform.pulumi("up", "--yes", "--skip-preview")
