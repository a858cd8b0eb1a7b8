"""Set the accounts on the database as in the secrets, or lock former ones, as the database's administrator.

`make ADMINISTRATOR NAME=SECRET:VERSION ...` and `lock ADMINISTRATOR USERNAME ...`: secrets are ARNs, and no value is
an argument.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from fetch_secrets import addresses

RIGHTS = Path("/etc/askproai/database-accounts.json")
"""The privileges of each account, by their object."""
SCHEMA = "schema"
"""Stands for every table of the application's schema."""
Statement = tuple[str, list[str]]
Account = dict[str, Any]


def making(name: str, account: Account, schema: str) -> list[Statement]:
    """The statements that give `account` its password and exactly the privileges of `name`."""
    user, password = account["username"], account["password"]
    quoted = schema.replace("`", "``")
    rights = json.loads(RIGHTS.read_text())[name]
    return [
        ("CREATE USER IF NOT EXISTS ?@'%' IDENTIFIED BY ? REQUIRE SSL", [user, password]),
        ("ALTER USER ?@'%' IDENTIFIED BY ? REQUIRE SSL ACCOUNT UNLOCK", [user, password]),
        ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM ?@'%'", [user]),
        *(
            (f"GRANT {what} ON {f'`{quoted}`.*' if place == SCHEMA else place} TO ?@'%'", [user])
            for place, what in rights.items()
        ),
    ]


def locking(users: Sequence[str]) -> list[Statement]:
    """Locked, not dropped: MySQL refuses to drop an account that a view or trigger runs as."""
    return [("ALTER USER IF EXISTS ?@'%' ACCOUNT LOCK", [user]) for user in users]


def secret(arn: str, version: str = "") -> Account:
    """An account in a secret: its current version, or another."""
    which = {"VersionId": version} if version else {}
    return dict(json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=arn, **which)["SecretString"]))


def run(account: Account, statements: Sequence[Statement]) -> None:
    """Run statements as an account. Raises CalledProcessError; the server's message is on standard error."""
    place = addresses(os.environ)
    given = {
        "host": place["DB_HOST"],
        "port": place["DB_PORT"],
        "authority": os.environ["MYSQL_ATTR_SSL_CA"],
        "username": account["username"],
        "password": account["password"],
        "statements": statements,
    }
    program = Path(__file__).with_name("run_sql.php")
    subprocess.run(["/usr/bin/php", program], input=json.dumps(given), text=True, check=True)


def main(action: str, administrator: str, *given: str) -> None:
    """Run a command, and log in to each new account as a test."""
    if action == "lock":
        run(secret(administrator), locking(given))
        return
    made = {name: secret(*place.rsplit(":", 1)) for name, _, place in (each.partition("=") for each in given)}
    schema = os.environ["DB_DATABASE"]
    run(secret(administrator), [line for name, each in made.items() for line in making(name, each, schema)])
    for account in made.values():
        run(account, [])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        # The cause is on standard error; a traceback would add nothing.
        sys.exit(error.returncode)
