"""Refuses a lock file that names a host or a path of somebody's machine, or a requirement without a hash."""

import re
import sys
from pathlib import Path

FORBIDDEN = re.compile(
    r"[a-z+]+://|--(extra-)?index-url|--find-links|--trusted-host|(?<![\w.-])/(?!\*)[\w.-]+/|[A-Za-z]:\\"
)


def find_faults(text: str) -> list[str]:
    """Return one line for each fault, in order; none for a clean lock."""
    faults: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if FORBIDDEN.search(line):
            faults.append(f"line {number}: names a host or a path: {line.strip()}")
        following = lines[number] if number < len(lines) else ""
        if re.match(r"[A-Za-z0-9]", line) and "--hash=" not in line + following:
            faults.append(f"line {number}: has no hash: {line.strip()}")
    return faults


def main() -> int:
    """Check the files named; 1 when any has a fault."""
    failed = 0
    for name in sys.argv[1:]:
        for fault in find_faults(Path(name).read_text("utf-8")):
            sys.stderr.write(f"{name}: {fault}\n")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
