"""The user data: its effects on the host, and what it refuses."""

import subprocess
from pathlib import Path

import pytest

from hosts.user_data import user_data


def script(**environment: str) -> str:
    return user_data(bucket="b", key="bundles/web/0.tar.gz", sha256="0" * 64, region="r", environment=environment)


def test_a_shell_reads_the_host_environment_as_it_was_given(tmp_path: Path) -> None:
    given = {"A": "arn:aws:x:y:1:z/a-B", "B": "", "C": "https://h/1?".removesuffix("?")}
    block = script(**given).split("<<'END'\n")[1].split("END\n")[0]
    (tmp_path / "host.env").write_text(block)
    shown = subprocess.run(
        ["sh", "-c", 'set -a; . "$1"; printf "%s\\n" "$A" "$B" "$C"', "sh", tmp_path / "host.env"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines() == list(given.values())


@pytest.mark.parametrize("value", ["two words", "$HOME", "a'b", "line\nline", "`id`", 'a"b'])
def test_a_value_that_would_need_quotes_is_refused_by_name(value: str) -> None:
    with pytest.raises(ValueError, match=r"host\.env: the values of SPOILT"):
        script(FINE="x", SPOILT=value)


def test_a_script_larger_than_ec2_accepts_is_refused() -> None:
    with pytest.raises(ValueError, match="EC2 accepts 16384"):
        script(LONG="x" * 16384)
