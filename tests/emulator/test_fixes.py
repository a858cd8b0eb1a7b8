"""The fixes as a whole: each has a reason and a test."""

import re
from pathlib import Path

from sandbox.aws.fixes.fix import FIXES


def test_every_fix_says_why() -> None:
    assert [fix.name for fix in FIXES.values() if not fix.reason] == []


def test_every_fix_has_a_test(endpoint: str) -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tested = set(re.findall(r'pytest\.mark\.fix\("([^"]+)"\)', text))
    assert tested == FIXES.keys()
