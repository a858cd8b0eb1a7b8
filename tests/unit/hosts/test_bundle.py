"""The bundle of a role: the same files have the same address, other files another, and it contains all of them."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from host_values import VALUES
from jinja2 import UndefinedError

from hosts import bundle as bundles
from hosts.bundle import bundle, rendered
from hosts.contents import CONTENTS, contents
from hosts.roles import ROLES, WEB, HostRole


def members(role: HostRole) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(bundle(role, VALUES).compressed), mode="r:gz") as archive:
        return archive.getmembers()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_address_is_the_checksum_of_what_a_host_unpacks(role: HostRole) -> None:
    packed = bundle(role, VALUES)
    digest = hashlib.sha256(gzip.decompress(packed.compressed)).hexdigest()
    assert packed.key == f"bundles/{role.name}/{digest}.tar.gz"
    assert bundle(role, VALUES) == packed


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_nothing_of_this_machine_is_in_it(role: HostRole) -> None:
    found = members(role)
    assert {(member.mtime, member.uid, member.gid, member.uname, member.gname) for member in found} == {
        (0, 0, 0, "", "")
    }
    assert [member.name for member in found] == sorted(member.name for member in found)


def test_a_changed_file_changes_the_address_of_its_role_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {role: bundle(role, VALUES).key for role in ROLES}
    for folder in ("common", "web", "workers"):
        (tmp_path / folder / "etc").mkdir(parents=True)
    (tmp_path / "apply.sh").write_text("#!/bin/sh\n")
    monkeypatch.setattr(bundles, "HOSTS", tmp_path)
    first = {role: bundle(role, VALUES).key for role in ROLES}
    (tmp_path / "web" / "etc" / "motd").write_text("welcome\n")
    second = {role: bundle(role, VALUES).key for role in ROLES}
    assert [role for role in ROLES if first[role] != second[role]] == [WEB]
    assert all(first[role] != before[role] for role in ROLES)


def test_another_version_of_php_names_packages_paths_and_units() -> None:
    other = replace(VALUES, php_version="9.7")
    texts = rendered(WEB, other)
    assert "php9.7-fpm" in contents(WEB, "9.7").packages
    assert "php9.7-fpm.service" in contents(WEB, "9.7").units
    assert "files/etc/php/9.7/fpm/pool.d/www.conf" in texts
    assert [path for path, text in texts.items() if VALUES.php_version in path + text] == []


def test_a_value_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apply.sh").write_text("{{ nowhere }}")
    monkeypatch.setattr(bundles, "HOSTS", tmp_path)
    with pytest.raises(UndefinedError, match="nowhere"):
        bundle(WEB, VALUES)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_scripts_can_be_executed_and_nothing_else(role: HostRole) -> None:
    texts = rendered(role, VALUES)
    modes = {member.name: member.mode for member in members(role)}
    assert {path for path, mode in modes.items() if mode == 0o755} == {
        path for path, text in texts.items() if text.startswith("#!")
    }


def test_every_role_has_a_row() -> None:
    assert list(CONTENTS) == list(ROLES)
