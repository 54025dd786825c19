"""Every requirement of the security facts on the console, the public pages and secrets is named by a test."""

import re

from tests.conftest import REPOSITORY

REQUIRED = {f"S{number:02d}" for number in (8, *range(15, 27), 33)}
NAMED = re.compile(r"\bS(\d\d)(?:-S(\d\d))?\b")


def test_a_test_names_each_requirement() -> None:
    found: set[str] = set()
    for path in (REPOSITORY / "tests").rglob("test_*.py"):
        if path.name != "test_security_requirements.py":
            for match in NAMED.finditer(path.read_text("utf-8")):
                found |= {f"S{number:02d}" for number in range(int(match[1]), int(match[2] or match[1]) + 1)}
    assert found >= REQUIRED, sorted(REQUIRED - found)
