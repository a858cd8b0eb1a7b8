"""Every rendered file is valid for the program that reads it on a host, and each of these checks detects a broken
twin."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from debian import Host
from host_values import values_of

from hosts.bundle import FILES, rendered
from hosts.roles import BASTION, MONITORING, ROLES, WEB, WORKERS, HostRole
from hosts.user_data import user_data
from sandbox.instances.root import PHP_VERSION, made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
USER_DATA = "user-data"
POOL = f"/etc/php/{PHP_VERSION}/fpm/pool.d/www.conf"
UNITS = re.compile(r"/etc/systemd/system/[^/]+\.(service|timer|target)")

Judge = Callable[[CompletedProcess[str]], bool]


def by_status(done: CompletedProcess[str]) -> bool:
    return done.returncode == 0


def by_silence(done: CompletedProcess[str]) -> bool:
    """systemd-analyze accepts a file with an unknown key, with a warning."""
    return done.returncode == 0 and done.stderr == ""


def by_words(done: CompletedProcess[str]) -> bool:
    """logrotate accepts a file with an unknown option, with a warning."""
    return done.returncode == 0 and not re.search(r"^(error|.*unknown option)", done.stderr, re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A program, how its answer is read, and the twin: in the file, the first text becomes the second."""

    role: HostRole
    command: tuple[str, ...]
    passes: Judge = by_status
    file: str
    right: str
    wrong: str


def unit(role: HostRole, name: str, right: str, wrong: str, *, file: str = "") -> Check:
    return Check(
        role=role,
        command=("systemd-analyze", "verify", "--man=no", name),
        passes=by_silence,
        file=f"/etc/systemd/system/{file or name}",
        right=right,
        wrong=wrong,
    )


CHECKS = {
    "nginx": Check(
        role=WEB,
        command=("nginx", "-t"),
        file="/etc/nginx/conf.d/askproai.conf",
        right="server_tokens off",
        wrong="server_token off",
    ),
    "php-fpm": Check(
        role=WEB,
        command=(f"php-fpm{PHP_VERSION}", "-t"),
        file=POOL,
        right="pm.max_children",
        wrong="pm.most_children",
    ),
    "sshd": Check(
        role=WEB,
        # An instance generates its own keys at its first start.
        command=("sh", "-c", "ssh-keygen -A && sshd -t"),
        file="/etc/ssh/sshd_config.d/00-askproai.conf",
        right="PermitRootLogin",
        wrong="PermitRoot",
    ),
    "fail2ban": Check(
        role=WEB,
        command=("fail2ban-client", "-t"),
        file="/etc/fail2ban/jail.d/askproai.conf",
        right="enabled = true",
        wrong="enabled = true\nfilter = nothing-such",
    ),
    "logrotate": Check(
        role=WEB,
        command=("logrotate", "--debug", "/etc/logrotate.conf"),
        passes=by_words,
        file="/etc/logrotate.d/askproai",
        right="notifempty",
        wrong="notifempti",
    ),
    "rsyslog": Check(
        role=WEB,
        command=("rsyslogd", "-N1"),
        file="/etc/rsyslog.d/10-askproai.conf",
        right="isequal",
        wrong="isequals",
    ),
    "chrony": Check(
        role=WEB,
        command=("chronyd", "-p"),
        file="/etc/chrony/conf.d/askproai.conf",
        right="prefer iburst",
        wrong="prefer burst-now",
    ),
    "aide": Check(
        role=WEB,
        command=("aide", "--config=/etc/aide/askproai.conf", "--config-check"),
        file="/etc/aide/askproai.conf",
        right="ftype+sha256",
        wrong="ftype+sha255",
    ),
    "apt": Check(
        role=WEB,
        command=("apt-config", "dump"),
        file="/etc/apt/apt.conf.d/52askproai",
        right="Dpkg::Options {",
        wrong="Dpkg::Options {{",
    ),
    "agent": Check(
        role=WEB,
        command=("python3", "-m", "json.tool", "/etc/askproai/cloudwatch-agent.json"),
        file="/etc/askproai/cloudwatch-agent.json",
        right='"metrics": {',
        wrong='"metrics": {,',
    ),
    "tmpfiles": Check(
        role=WEB,
        command=(
            "sh",
            "-c",
            "systemd-sysusers /etc/sysusers.d/askproai.conf && "
            "systemd-tmpfiles --create --dry-run /etc/tmpfiles.d/askproai.conf",
        ),
        file="/etc/tmpfiles.d/askproai.conf",
        right="d /srv/askproai 0755",
        wrong="d /srv/askproai 0999",
    ),
    "sysusers": Check(
        role=BASTION,
        command=("systemd-sysusers", "/etc/sysusers.d/askproai.conf"),
        file="/etc/sysusers.d/askproai.conf",
        right="u devops -",
        wrong="x devops -",
    ),
    "bastion's sshd": Check(
        role=BASTION,
        command=("sh", "-c", "ssh-keygen -A && sshd -t"),
        file="/etc/ssh/sshd_config.d/10-bastion.conf",
        right="PermitOpen *:22",
        wrong="PermitOpen *:ssh-only",
    ),
    "apply": Check(
        role=WEB, command=("shellcheck", "/apply"), file="/apply", right="--force-confold install", wrong="install `ls`"
    ),
    "user data": Check(
        role=WEB,
        command=("shellcheck", f"/{USER_DATA}"),
        file=f"/{USER_DATA}",
        right='"$work/apply"',
        wrong="$work/apply",
    ),
    "worker script": Check(
        role=WORKERS,
        command=("shellcheck", "/usr/local/lib/askproai/worker"),
        file="/usr/local/lib/askproai/worker",
        right='"$name"',
        wrong="$name",
    ),
    "drop-in of php-fpm": unit(
        WEB,
        f"php{PHP_VERSION}-fpm.service",
        "KillSignal",
        "KillsSignal",
        file=f"php{PHP_VERSION}-fpm.service.d/askproai.conf",
    ),
    "drop-in of nginx": unit(WEB, "nginx.service", "RestartSec", "RestartsSec", file="nginx.service.d/askproai.conf"),
    "maintenance window": unit(
        WEB,
        "apt-daily-upgrade.timer",
        "OnCalendar=Tue",
        "OnCalendar=Tut",
        file="apt-daily-upgrade.timer.d/askproai.conf",
    ),
    "worker": unit(WORKERS, "askproai-worker@high_1.service", "KillMode=mixed", "KillMode=some"),
    "all workers": unit(WORKERS, "askproai-workers.target", "[Unit]", "[Unit]\nNeeds=nothing"),
    "scheduler": unit(WORKERS, "askproai-scheduler.timer", "OnCalendar=minutely", "OnCalendar=minutes"),
    "jobs that end": unit(WORKERS, "askproai-finish.service", "RestartSec=5", "RestartSec=soon"),
    "scheduled": unit(WORKERS, "askproai-scheduler.service", "ExecCondition", "ExecIf"),
    "volume": unit(MONITORING, "askproai-volume.service", "RestartSec=10", "RestartSec=soon"),
    "grafana": unit(MONITORING, "askproai-grafana.service", "RestartSec=30", "RestartSec=soon"),
    "nginx of monitoring": Check(
        role=MONITORING,
        command=("nginx", "-t"),
        file="/etc/nginx/conf.d/askproai.conf",
        right="proxy_http_version",
        wrong="proxy_http",
    ),
    "drop-in of nginx of monitoring": unit(
        MONITORING, "nginx.service", "RestartSec", "RestartsSec", file="nginx.service.d/askproai.conf"
    ),
    "receivers": unit(MONITORING, "askproai-receivers.service", "RestartSec=10", "RestartSec=soon"),
    **{
        f"drop-in of {name}": unit(
            MONITORING, f"{name}.service", "RestartSec=5", "RestartSec=soon", file=f"{name}.service.d/askproai.conf"
        )
        for name in (
            *("prometheus", "prometheus-alertmanager", "prometheus-mysqld-exporter", "prometheus-redis-exporter"),
        )
    },
    "prometheus": Check(
        role=MONITORING,
        command=("promtool", "check", "config", "/etc/prometheus/prometheus.yml"),
        file="/etc/prometheus/prometheus.yml",
        right="metrics_path:",
        wrong="metric_path:",
    ),
    "alertmanager": Check(
        role=MONITORING,
        command=("amtool", "check-config", "/etc/prometheus/alertmanager.yml"),
        file="/etc/prometheus/alertmanager.yml",
        right="receiver: critical",
        wrong="receiver: nobody",
    ),
    "blackbox": Check(
        role=MONITORING,
        command=("prometheus-blackbox-exporter", "--config.check", "--config.file=/etc/prometheus/blackbox.yml"),
        file="/etc/prometheus/blackbox.yml",
        right="valid_status_codes",
        wrong="valid_codes",
    ),
    "secrets": unit(WEB, "askproai-secrets.service", "/usr/bin/python3", "/usr/bin/python2"),
    "release": unit(WEB, "askproai-release.service", "RemainAfterExit", "Remains"),
    "integrity": unit(WEB, "askproai-integrity.service", "Nice=19", "Nicer=19"),
    "integrity timer": unit(WEB, "askproai-integrity.timer", "OnBootSec=5min", "OnBootSec=soon"),
    "audit": unit(WEB, "askproai-audit.service", "/usr/sbin/lynis", "/usr/sbin/linys"),
    "audit timer": unit(WEB, "askproai-audit.timer", "OnCalendar=weekly", "OnCalendar=often"),
    "metrics": unit(WEB, "askproai-metrics.service", "Type=exec", "Type=exe"),
}


@pytest.fixture(scope="session")
def root() -> Path:
    return made(Paths.of())


@pytest.fixture
def hosts(root: Path, tmp_path: Path) -> Callable[[HostRole], Host]:
    def host(role: HostRole) -> Host:
        texts = rendered(role, replace(values_of(role), php_version=PHP_VERSION))
        script = user_data(bucket="b", key="k", sha256="0", region="r", environment={"A": "b"})
        made_host = Host(root, tmp_path / role.name, role, {**texts, USER_DATA: script})
        if role == WORKERS:
            # systemd instantiates the template; the verification needs a file.
            template = made_host.read("/etc/systemd/system/askproai-worker@.service")
            made_host.write("/etc/systemd/system/askproai-worker@high_1.service", template)
        return made_host

    return host


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_program_that_reads_a_file_accepts_it_and_refuses_its_broken_twin(
    hosts: Callable[[HostRole], Host], check: Check
) -> None:
    host = hosts(check.role)
    answer = host.run(*check.command)
    assert check.passes(answer), answer.stdout + answer.stderr
    text = host.read(check.file)
    assert check.right in text
    host.write(check.file, text.replace(check.right, check.wrong, 1))
    assert not check.passes(host.run(*check.command))


def test_every_unit_and_every_script_is_checked() -> None:
    checked = {check.file for check in CHECKS.values()} | {"/etc/systemd/system/askproai-worker@.service"}
    for role in ROLES:
        for path, text in rendered(role, replace(values_of(role), php_version=PHP_VERSION)).items():
            place = f"/{path.removeprefix(f'{FILES}/')}"
            if UNITS.fullmatch(place) or text.startswith("#!"):
                assert place in checked
