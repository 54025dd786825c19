"""How long the plan of a mailing to a million readers takes, and how long after it the first message is accepted.

Filling the database is not timed; a thousand of its addresses are suppressed. Planning is one transaction, as when a
mailing starts: scheduled, set running, its audience frozen, committed. The sender is then started against Postfix's
smtp-sink, in a process of its own; the first acceptance on record ends the second time, which the start of that process
is part of.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from benchmarks.bench_world import SECRET, fill_database, peak_mb, running_sink, start_mailing
from mailer.store import audience
from mailer.store.database import Store, open_store
from mailer.store.schema import attempt, contact
from mailer.tokens import hash_address

GOAL_PLAN_S, GOAL_FIRST_S = 60.0, 2.0
LONGEST_S = 60.0
SUPPRESSED = 1000


def plan_here(database: Path) -> dict[str, float]:
    """Plan a mailing to everyone in a database, in this process; return seconds and its memory before and after."""
    store = open_store("", database)
    before = peak_mb()
    began = time.perf_counter()
    start_mailing(store)
    seconds = time.perf_counter() - began
    store.close()
    return {"seconds": seconds, "before_mb": before, "peak_mb": peak_mb()}


def _first_accepted(store: Store) -> bool:
    with store.read() as connection:
        accepted = select(attempt.c.delivery_id).where(attempt.c.outcome == "accepted").limit(1)
        return connection.execute(accepted).first() is not None


def time_first(database: Path) -> float:
    """Start the sender and return the seconds until the first acceptance is on record; the sender is then ended."""
    store = open_store("", database)
    with running_sink() as sink:
        command = [sys.executable, "-m", "benchmarks.send", "--child", str(database), "--port", str(sink)]
        began = time.perf_counter()
        sender = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not _first_accepted(store):
                if sender.poll() is not None or time.perf_counter() - began > LONGEST_S:
                    raise RuntimeError(f"the sender sends nothing (status {sender.poll()})")
                time.sleep(0.01)
            return time.perf_counter() - began
        finally:
            sender.kill()
            sender.wait()
            store.close()


def _suppress_some(store: Store) -> None:
    """Suppress a few addresses, as in any real house: only then are all readers' addresses looked up."""
    with store.write() as connection:
        for key in connection.execute(select(contact.c.address_key).limit(SUPPRESSED)).scalars().all():
            audience.suppress_address(connection, hash_address(SECRET, key), "gone", "benchmark", datetime.now(UTC))


def measure(readers: int) -> dict[str, float]:
    """Fill, plan and start; return the figures."""
    with tempfile.TemporaryDirectory(prefix="bench-plan-", ignore_cleanup_errors=True) as folder:
        database = Path(folder) / "mailer.db"
        store = fill_database(database, readers)
        _suppress_some(store)
        store.close()
        command = [sys.executable, "-m", "benchmarks.plan", "--child", str(database)]
        planned = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        first = time_first(database)
        size = database.stat().st_size / 1024**2
    return {
        "readers": readers,
        "plan_s": round(planned["seconds"], 2),
        "plan_goal_s": GOAL_PLAN_S,
        "planned_per_second": round(readers / planned["seconds"]),
        "plan_peak_mb": round(planned["peak_mb"], 1),
        "plan_before_mb": round(planned["before_mb"], 1),
        "first_accepted_s": round(first, 2),
        "first_goal_s": GOAL_FIRST_S,
        "database_mb": round(size),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        sys.stdout.write(json.dumps(plan_here(chosen.child)))
        return
    found = measure(chosen.readers)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(
        f"{found['readers']} readers planned in {found['plan_s']} s ({found['planned_per_second']} a second, goal "
        f"{GOAL_PLAN_S:.0f} s), peak memory {found['plan_peak_mb']} MB ({found['plan_before_mb']} before)\n"
        f"first message accepted {found['first_accepted_s']} s after the start of the sender's process "
        f"(goal {GOAL_FIRST_S:.0f} s); database {found['database_mb']} MB\n"
    )


if __name__ == "__main__":
    main()
