"""How fast a mailing leaves, with everything on: signed, every outcome on record, the dot's commit before each dot.

Against Postfix's smtp-sink, over 20 connections, beside Postfix's own smtp-source in the same run; the ratio is what
counts, as absolute figures drift with the machine. `--json` prints one object; `--messages N` another number.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench_world import (
    DOMAIN,
    LIST,
    LONG,
    SECRET,
    fill_database,
    find_tool,
    make_edition,
    make_letterhead,
    peak_mb,
    running_sink,
    start_mailing,
)
from mailer.config import RelayConfig
from mailer.mail.credentials import Credentials
from mailer.mail.dkim import make_signer
from mailer.mail.message import make_composer
from mailer.model.delivery import Delivery, MailingStatus, Recipient
from mailer.model.dkim import KeyType
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender
from mailer.sending.settings import RelayAccess, SendingSettings
from mailer.store import figures, mailings
from mailer.store.database import open_store
from mailer.tokens import Purpose, sign_token

CONNECTIONS = 20
KEYS = {"ed25519": (KeyType.ED25519,), "rsa": (KeyType.RSA,), "both": (KeyType.RSA, KeyType.ED25519)}
GOALS = {"ed25519": 0.9, "rsa": 0.75}
SMALL, LARGE = 2_000, 200_000


def make_settings(port: int, keys: str, folder: Path, connections: int = CONNECTIONS) -> SendingSettings:
    """Return a sender's settings for a sink on this machine."""
    relay = RelayConfig(
        host="127.0.0.1", port=port, security="none", connections=connections, messages_per_connection=10**6
    )
    signers = tuple(make_signer(kind.value, DOMAIN, kind, folder / f"{kind.value}.pem") for kind in KEYS.get(keys, ()))
    return SendingSettings(
        secret=SECRET,
        relays={"main": RelayAccess(relay, Credentials())},
        policy=RetryPolicy(LONG),
        letterheads={LIST: make_letterhead()},
        now=lambda: datetime.now(UTC),
        signers=signers,
    )


def send_here(database: Path, port: int, keys: str, connections: int) -> dict[str, float]:
    """Deliver the mailing that is planned in a database, in this process; return its figures."""
    store = open_store("", database)
    settings = make_settings(port, keys, database.parent, connections)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    asyncio.run(run_sender(settings, store, asyncio.Event(), only=1))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    with store.read() as connection:
        record = mailings.find_mailing(connection, 1)
        assert record is not None
        assert record.status is MailingStatus.FINISHED, record
        (counts,) = figures.count_statuses(connection, 1).values()
    store.close()
    (accepted,) = counts.values()  # one state only: all were accepted
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "messages_per_second": accepted / seconds,
        "cpu_us_per_message": cpu / accepted * 1e6,
        "peak_mb": peak_mb(),
    }


def send_in_child(
    messages: int, keys: str, connections: int = CONNECTIONS, port: int | None = None
) -> dict[str, float]:
    """Plan a mailing and deliver it in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory(prefix="bench-send-", ignore_cleanup_errors=True) as folder:
        database = Path(folder) / "mailer.db"
        store = fill_database(database, messages)
        start_mailing(store)
        store.close()
        command = [sys.executable, "-m", "benchmarks.send", "--child", str(database), "--keys", keys]
        command += ["--connections", str(connections), "--port"]
        if port is not None:
            found = subprocess.run([*command, str(port)], check=True, capture_output=True, text=True)
        else:
            with running_sink() as sink:
                found = subprocess.run([*command, str(sink)], check=True, capture_output=True, text=True)
    figures_of_child: dict[str, float] = json.loads(found.stdout)
    return figures_of_child


def measure_source(octets: int, messages: int) -> float:
    """Return how many messages a second Postfix's own load tool hands to the same sink."""
    with running_sink() as port:
        began = time.perf_counter()
        subprocess.run(
            [find_tool("smtp-source"), "-s", str(CONNECTIONS), "-d", "-l", str(octets), "-m", str(messages),
             f"127.0.0.1:{port}"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return messages / (time.perf_counter() - began)


def message_size() -> int:
    """Return the octets of one of our messages on the wire."""
    now = datetime.now(UTC)
    token = sign_token(SECRET, Purpose.BOUNCE, 2**32 + 1)
    reader, message_id = Recipient("office@firm.example", "办公室"), f"<{token}@{DOMAIN}>"
    one = Delivery(2**32 + 1, 1, "2020-07", LIST, 1, reader, message_id, token, now, now, 0, "")
    return len(make_composer(make_edition(), make_letterhead()).compose(one))


def run_all(messages: int) -> dict[str, object]:
    """Measure every kind of signing between two runs of smtp-source, and memory over the number of readers."""
    octets = message_size()
    sources = [measure_source(octets, messages)]
    results: dict[str, dict[str, float]] = {}
    for keys in KEYS:
        results[keys] = send_in_child(messages, keys)
        sources.append(measure_source(octets, messages))
        results[keys]["ratio"] = results[keys]["messages_per_second"] / ((sources[-2] + sources[-1]) / 2)
    return {
        **{name: round(value, 3) for name, value in results["ed25519"].items()},
        "octets": octets,
        "connections": CONNECTIONS,
        "messages": messages,
        "source_messages_per_second": round(sum(sources) / len(sources), 1),
        "keys": {keys: {name: round(value, 3) for name, value in one.items()} for keys, one in results.items()},
    }


def measure_memory() -> dict[str, float]:
    """Return the peak memory of delivering to few and to many readers, in MB."""
    return {str(readers): round(send_in_child(readers, "ed25519")["peak_mb"], 1) for readers in (SMALL, LARGE)}


def draw(found: dict[str, object]) -> None:
    """Print the table for people."""
    out = sys.stdout
    out.write(
        f"message {found['octets']} octets on the wire, {found['messages']} messages, {CONNECTIONS} connections\n"
    )
    out.write(f"smtp-source    {found['source_messages_per_second']:9} msg/s   x1.00\n")
    keys = found["keys"]
    assert isinstance(keys, dict)
    for name, one in keys.items():
        goal = f"   (goal x{GOALS[name]})" if name in GOALS else ""
        out.write(
            f"{name:14} {one['messages_per_second']:9.1f} msg/s   x{one['ratio']:.2f}   "
            f"{one['cpu_us_per_message']:6.0f} us CPU/message   peak {one['peak_mb']:.0f} MB{goal}\n"
        )
    if "memory" in found:
        out.write(f"peak memory by readers, MB: {found['memory']}\n")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    parser.add_argument("--memory", action="store_true", help="also the peak memory from 2,000 to 200,000 readers")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--keys", default="ed25519", help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        sys.stdout.write(json.dumps(send_here(chosen.child, chosen.port, chosen.keys, chosen.connections)))
        return
    found = run_all(chosen.messages)
    if chosen.memory:
        found["memory"] = measure_memory()
    if chosen.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        draw(found)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
