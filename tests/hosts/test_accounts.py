"""The accounts on the database, created by the host's own programs on Debian's MariaDB: their privileges."""

import json
import re

import pytest
from debian import Host
from host_values import values_of

from hosts.bundle import rendered
from hosts.roles import WORKERS
from sandbox.instances.root import made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
PASSWORD = "it's-a\\password"
ADMINISTRATOR = {"username": "root_of_rds", "password": "administrator's"}
OF_RDS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE "
    "TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE "
    "ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)
"""The privileges that RDS gives to the master user (RDS User Guide, "Master user account privileges")."""
PROGRAM = """import json, os, sys
sys.path.insert(0, "/usr/local/lib/askproai")
os.environ |= {"DB_DATABASE": "the`schema", "MYSQL_ATTR_SSL_CA": "/var/tmp/certificate"}
import database_accounts
database_accounts.addresses = lambda _: {"DB_HOST": "127.0.0.1", "DB_PORT": "3306"}
database_accounts.secret = lambda given, version="": json.loads(open(f"/secrets/{given}{version}").read())
try:
    database_accounts.main(*sys.argv[1:])
except database_accounts.subprocess.CalledProcessError:
    sys.exit(1)
"""
SERVER = """#!/bin/sh
# Without require_secure_transport: what refuses a plain connection is the account.
data=/var/tmp/database
mkdir -p /run/mysqld
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 30 \
    -keyout /var/tmp/key -out /var/tmp/certificate 2>/dev/null
mariadb-install-db --user=root --datadir=$data >/dev/null 2>&1
mariadbd --user=root --datadir=$data --socket=$data/socket --bind-address=127.0.0.1 --skip-name-resolve \
    --ssl-cert=/var/tmp/certificate --ssl-key=/var/tmp/key >/dev/null 2>&1 &
root() { mariadb --skip-ssl --socket=$data/socket --execute="$1"; }
for _ in $(seq 600); do root "SELECT 1" >/dev/null 2>&1 && break; sleep 0.2; done
root 'CREATE DATABASE `the``schema`; CREATE TABLE `the``schema`.jobs (id INT); CREATE DATABASE other;
    CREATE TABLE other.rows (id INT)'
root "CREATE USER root_of_rds IDENTIFIED BY 'administrator''s'; GRANT @of_rds@ ON *.* TO root_of_rds WITH GRANT OPTION"
as() {
    MYSQL_PWD=$(cat /password) mariadb --host=127.0.0.1 --user="$1" --ssl-ca=/var/tmp/certificate $3 --execute="$2" \
        >/dev/null 2>&1 && echo yes || echo no
}
accounts() { python3 /accounts "$@"; }
"""
MAKE = "accounts make administrator application=application:1 migrations=migrations:1 monitoring=monitoring:1 "
STORY = (
    MAKE + "dbadmin=dbadmin:1 >/said 2>&1; echo made $?",
    "root 'GRANT ALL ON *.* TO application_1' && " + MAKE + "&& echo again $?",
    *(
        f"echo {account}: {what} $(as {account}_1 '{sql}')"
        for account in ("application", "migrations", "monitoring", "dbadmin")
        for what, sql in (
            (
                "rows",
                "USE `the``schema`; INSERT INTO jobs VALUES (1); UPDATE jobs SET id = 2; DELETE FROM jobs",
            ),
            ("tables", "USE `the``schema`; CREATE TABLE b (id INT); ALTER TABLE b ADD INDEX i (id); DROP TABLE b"),
            ("processes", "SHOW ENGINE INNODB STATUS"),
            ("others", "SELECT * FROM other.rows"),
            ("accounts", "SELECT * FROM mysql.global_priv"),
            ("grants", "CREATE USER another"),
        )
    ),
    "echo plain $(as application_1 'SELECT 1' --skip-ssl)",
    "accounts lock administrator application_1 never_made && echo locked $(as application_1 'SELECT 1')",
    MAKE + "&& echo unlocked $(as application_1 'SELECT 1')",
    "accounts make application migrations=migrations:1 >/said 2>&1; echo refused $?",
    "cat /said",
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    host = Host(made(Paths.of()), tmp_path_factory.mktemp("host"), WORKERS, rendered(WORKERS, values_of(WORKERS)))
    host.write("/accounts", PROGRAM)
    host.write("/password", PASSWORD)
    host.write("/secrets/administrator", json.dumps(ADMINISTRATOR))
    for name in ("application", "migrations", "monitoring", "dbadmin"):
        content = json.dumps({"username": f"{name}_1", "password": PASSWORD})
        host.write(f"/secrets/{name}1", content)
        host.write(f"/secrets/{name}", content)
    host.write("/story", "\n".join((SERVER.replace("@of_rds@", OF_RDS), *STORY)))
    alone = ("unshare", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", "ip link set lo up && /story")
    done = host.run(*alone)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_accounts_are_made_again_with_their_rights_and_no_others(said: list[str]) -> None:
    assert said[:2] == ["made 0", "again 0"]


def test_an_account_may_do_what_it_is_for(said: list[str]) -> None:
    may = {tuple(found.groups()) for line in said if (found := re.fullmatch(r"(\w+): (\w+) yes", line))}
    assert may == {
        ("application", "rows"),
        ("migrations", "rows"),
        ("migrations", "tables"),
        ("monitoring", "processes"),
        ("dbadmin", "rows"),
        ("dbadmin", "tables"),
        ("dbadmin", "processes"),
    }
    assert len([line for line in said if re.fullmatch(r"\w+: \w+ (yes|no)", line)]) == 24


def test_an_account_is_refused_without_tls_and_while_it_is_locked(said: list[str]) -> None:
    assert [line for line in said if line.startswith(("plain", "locked", "unlocked"))] == [
        "plain no",
        "locked no",
        "unlocked yes",
    ]


def test_what_the_server_refuses_is_said_without_a_password(said: list[str]) -> None:
    end = said.index("refused 1")
    assert "CREATE USER" in said[end + 1]
    assert not [line for line in said if PASSWORD in line or "administrator's" in line]
