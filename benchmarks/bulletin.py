"""What making a bulletin costs, warm and through the child process: both editions, the PDF, an import; for the sample
issue and for one of 60 KB. Ratios within one run tell more than the milliseconds, which drift with the machine.

The real text is imported where $SAMPLES, or ../shared/data, has it.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mailer.app import House
from mailer.app.issues import LoadedIssue
from mailer.child import Limits
from mailer.model.issue import Issue
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import format_issue

HERE = Path(__file__).parent.parent
SAMPLES = Path(os.environ.get("SAMPLES") or HERE.parent / "shared" / "data")
REAL_TEXT = SAMPLES / "bulletin-2020-07.txt"
OCTETS = 60_000
LIMITS = Limits(60, 1000, "the benchmark")


def median_ms(act: Callable[[], object], repeat: int) -> float:
    """Return the median time of an act in milliseconds, after one round that warms it."""
    act()
    times: list[float] = []
    for _round in range(repeat):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def lengthen(issue: Issue, octets: int) -> Issue:
    """Return the issue with its articles repeated until its Markdown takes about so many octets."""
    size = len(format_issue(issue, Path("issue.md")).encode())
    more = round(octets / size)
    sections = tuple(replace(section, articles=section.articles * more) for section in issue.sections)
    return replace(issue, sections=sections)


def measure(house: House, loaded: LoadedIssue, folder: Path) -> dict[str, float]:
    """Return what each step costs, in milliseconds."""
    document = folder / f"{len(loaded.issue.articles)}.md"
    for name, content in loaded.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    document.write_text(format_issue(loaded.issue, document), "utf-8")
    acts: dict[str, tuple[Callable[[], object], int]] = {
        "both editions": (lambda: house.issues.make_forms(loaded), 9),
        "editions, page, WeChat": (lambda: house.issues.make_forms(loaded, pdf=False, others=True), 5),
        "all forms with PDF": (lambda: house.issues.make_forms(loaded, pdf=True, others=True), 3),
        "import as Markdown": (lambda: house.child.run(LIMITS, import_document, document, "bench"), 9),
        "an empty job": (lambda: house.child.run(LIMITS, os.getpid), 50),
    }
    return {name: median_ms(act, repeat) for name, (act, repeat) in acts.items()}


def main() -> None:
    """Print the tables."""
    house = House(HERE)
    out = sys.stdout
    try:
        sample = house.issues.read("2020-07")
        long = replace(sample, issue=lengthen(sample.issue, OCTETS))
        with tempfile.TemporaryDirectory() as folder:
            tables = {name: measure(house, one, Path(folder)) for name, one in (("sample", sample), ("60 KB", long))}
        if REAL_TEXT.exists():
            tables["sample"]["import of the real text"] = median_ms(
                lambda: house.child.run(LIMITS, import_document, REAL_TEXT, None), 9
            )
        unit = tables["sample"]["both editions"]
        for name, costs in tables.items():
            out.write(f"{name}\n")
            for act, cost in costs.items():
                out.write(f"  {act:24} x{cost / unit:6.2f}   {cost:8.1f} ms\n")
    finally:
        house.close()


if __name__ == "__main__":
    main()
