"""The application's standard error, through PHP-FPM and rsyslog, is only in the DevOps manual's file."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from debian import Host
from host_values import values_of

from hosts.bundle import rendered
from hosts.roles import WEB, WORKERS
from sandbox.instances.root import PHP_VERSION, made, unavailable
from sandbox.project.paths import Paths

SCRIPT = f"""#!/bin/sh
# A /dev of its own: rsyslog makes its socket there.
mount -t tmpfs tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/urandom c 1 9
systemd-tmpfiles --create /etc/tmpfiles.d/askproai.conf
touch /var/log/syslog && chown syslog:adm /var/log/syslog
rsyslogd -f /var/tmp/rsyslog.conf
while ! test -S /dev/log; do sleep 0.1; done
php-fpm{PHP_VERSION} --daemonize
nginx
@rotate@
curl --silent --show-error --fail http://127.0.0.1/ >/dev/null
logger --tag askproai "job done"
logger --tag another "something else"
# Until rsyslog and PHP-FPM have written the last of them.
for _ in $(seq 600); do
    grep --quiet "something else" /var/log/syslog && grep --quiet "a visitor saw it" /var/log/askproai/app.log && break
    sleep 0.1
done
echo "=== app"; cat /var/log/askproai/app.log
echo "=== syslog"; cat /var/log/syslog
echo "=== files"; stat --format "%n %U %G %a" /var/log/askproai/*
"""
ROTATE = """logrotate --force /etc/logrotate.d/askproai
# Until both have opened the new file: what is said before may go to the former one.
for _ in $(seq 600); do
    grep --quiet "re-opened" /var/log/askproai/app.log && grep --quiet "was HUPed" /var/log/syslog && break
    sleep 0.1
done"""
APPLICATION = r"""<?php
file_put_contents("php://stderr", "production.ERROR: a visitor saw it\n");
"""
AS_UBUNTU = """module(load="imuxsock")
$FileOwner syslog
$FileGroup adm
$FileCreateMode 0640
$PrivDropToUser syslog
$PrivDropToGroup syslog
$IncludeConfig /etc/rsyslog.d/*.conf
*.* -/var/log/syslog
"""
"""Ubuntu's rsyslog.conf as far as it matters: it writes as the user syslog, who is in the group adm."""
SYSTEMCTL = f"""#!/bin/sh
# Without systemd: "kill --kill-whom=main --signal=SIGNAL UNIT" by the process's own file.
case $4 in
rsyslog.service) file=/run/rsyslogd.pid ;;
php*) file=/run/php/php{PHP_VERSION}-fpm.pid ;;
esac
kill -s "${{3#--signal=}}" "$(cat $file)"
"""


@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
@pytest.mark.parametrize("rotate", ["", ROTATE], ids=["first", "rotated"])
def test_what_the_application_says_is_in_its_own_file_and_nowhere_else(tmp_path: Path, rotate: str) -> None:
    host = Host(made(Paths.of()), tmp_path, WEB, rendered(WEB, replace(values_of(WEB), php_version=PHP_VERSION)))
    host.run("useradd", "--system", "--groups", "adm", "syslog")
    host.write("/ask", SCRIPT.replace("@rotate@", rotate))
    host.write("/usr/local/sbin/systemctl", SYSTEMCTL)
    host.write("/var/tmp/rsyslog.conf", AS_UBUNTU)
    host.write("/srv/askproai/current/public/index.php", APPLICATION)
    inside = "ip link set lo up && /ask"
    done = host.run("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside)
    found = dict(part.split("\n", 1) for part in done.stdout.split("=== ")[1:])
    assert {"app", "syslog", "files"} == found.keys(), done.stderr
    assert re.search(r"^production.ERROR: a visitor saw it$", found["app"], re.MULTILINE), done.stdout + done.stderr
    assert re.search(r" askproai: job done$", found["app"], re.MULTILINE), done.stdout + done.stderr
    assert "something else" in found["syslog"]
    assert not re.search("askproai|production", found["syslog"])
    assert re.search(r"^/var/log/askproai/app.log www-data adm 660$", found["files"], re.MULTILINE)
    assert ("app.log.1" in found["files"]) == bool(rotate)


@pytest.mark.parametrize("unit", ["askproai-worker@.service", "askproai-scheduler.service"])
def test_the_units_of_the_application_have_the_name_that_rsyslog_looks_for(unit: str) -> None:
    texts = rendered(WORKERS, values_of(WORKERS))
    assert "SyslogIdentifier=askproai\n" in texts[f"files/etc/systemd/system/{unit}"]
    assert '"askproai" /var/log/askproai/app.log' in texts["files/etc/rsyslog.d/10-askproai.conf"]
    # The package starts it before its rule exists.
    placed, _, later = texts["apply"].partition("install -D")
    assert "rsyslog.service" in later
    assert "rsyslog.service" not in placed
