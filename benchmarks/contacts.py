"""How fast sheets of contacts come in and go out, and in how much memory: whole commands, each in its own process.

A sheet of CSV (GBK, several addresses in some cells, one bad row in a hundred) is looked at (--dry-run), imported,
imported again unchanged, exported and taken back; then the same rows as .xlsx. Goals: 100,000 rows in 10 s; a CSV file
of ten times the rows in the same memory. `--rows N` changes the smaller size, `--large` adds ten times as many.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl

GOAL_S = 10.0
BAD_EVERY = 100
_HEAD = ("序号", "单位名称", "联系人", "职务", "城市", "电子邮箱", "手机")


def _row(number: int) -> tuple[str, ...]:
    address = f"reader{number}@firm{number % 5000}.example"
    if number % BAD_EVERY == 0:
        address = f"reader{number}#firm.example"
    return (str(number), f"某某软件有限公司{number % 5000}", "张某", "处长", "杭州市", address, f"138{number:08}")


def write_csv(file: Path, rows: int) -> None:
    """Write a sheet as Excel does in a Chinese office."""
    with file.open("w", encoding="gbk", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_HEAD)
        writer.writerows(_row(number) for number in range(1, rows + 1))


def write_xlsx(file: Path, rows: int) -> None:
    """Write the same as a workbook."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    sheet.append(_HEAD)
    for number in range(1, rows + 1):
        sheet.append(_row(number))
    book.save(file)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(folder: Path, *words: str) -> tuple[float, float, float]:
    """Run a command; return its seconds, those of processors, and its peak MB (a child that reads is not in it)."""
    code = (
        "import sys, resource; from mailer.cli.main import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(f'\\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}')"
    )
    began, cpu = time.perf_counter(), _cpu()
    done = subprocess.run(
        [sys.executable, "-c", code, "-C", str(folder), *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MAILER_STATE_DIR": str(folder / "state")},
    )
    seconds = time.perf_counter() - began
    peak = int(done.stderr.rpartition("peak ")[2])
    return seconds, _cpu() - cpu, peak / (1024 if sys.platform == "linux" else 1024 * 1024)


def measure(folder: Path, rows: int, *, workbook: bool) -> None:
    """Print the table of one size."""
    home = folder / f"news-{rows}"
    _run(folder, "new", str(home))
    config = home / "config.toml"
    lines = [line for line in config.read_text("utf-8").splitlines() if "members.csv" not in line]
    config.write_text("\n".join(lines) + "\n", "utf-8")
    sheet = folder / f"{rows}.csv"
    write_csv(sheet, rows)
    onto = ("--list", "members")
    steps: list[tuple[str, tuple[str, ...]]] = [
        ("csv, --dry-run", ("contacts", "import", str(sheet), *onto, "--dry-run")),
        ("csv, into an empty list", ("contacts", "import", str(sheet), *onto)),
        ("csv, again unchanged", ("contacts", "import", str(sheet), *onto)),
        ("export csv", ("contacts", "export", "--out", str(folder / "out.csv"))),
        ("undo", ("contacts", "import", "--undo", "1")),
    ]
    if workbook:
        book = folder / f"{rows}.xlsx"
        write_xlsx(book, rows)
        steps += [
            ("xlsx, into an empty list", ("contacts", "import", str(book), *onto)),
            ("export xlsx", ("contacts", "export", "--out", str(folder / "out.xlsx"))),
        ]
    print(f"{f'{rows:,} rows':<28}{'s':>8}{'cpu s':>8}{'rows/s':>10}{'peak MB':>10}")
    for name, words in steps:
        seconds, cpu, peak = _run(home, *words)
        note = "" if rows != 100_000 or seconds <= GOAL_S or "import" not in words else f"  over {GOAL_S:.0f} s"
        print(f"{name:<28}{seconds:>8.1f}{cpu:>8.1f}{rows / seconds:>10,.0f}{peak:>10.0f}{note}", flush=True)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{'largest process of all':<28}{'':>26}{children / 1024:>10.0f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--large", action="store_true", help="ten times the rows too, as CSV")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(folder, options.rows, workbook=True)
        if options.large:
            measure(folder, options.rows * 10, workbook=True)


if __name__ == "__main__":
    main()
