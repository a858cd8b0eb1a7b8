"""The fixes as a whole: each has a reason and a test."""

import re
from pathlib import Path

from sandbox.aws import later
from sandbox.aws.fixes.fix import FIXES


def test_every_fix_says_why() -> None:
    assert [fix.name for fix in FIXES.values() if not fix.reason] == []


def test_every_fix_has_a_test(endpoint: str) -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tested = set(re.findall(r'pytest\.mark\.fix\("([^"]+)"\)', text))
    assert tested == FIXES.keys()


def test_nothing_is_done_later_but_by_the_timers_of_which_tests_let_the_time_pass() -> None:
    files = Path(later.__file__).parent.rglob("*.py")
    assert [file for file in files if "Timer" in file.read_text()] == [Path(later.__file__)]
