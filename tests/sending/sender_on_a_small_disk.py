"""A sender in a process of its own, whose files may not grow after SIGUSR1, until SIGUSR2: a full disk (faults F38)."""

import asyncio
import logging
import resource
import signal
import sys
from pathlib import Path

from mailer.sending.sender import run_sender
from mailer.store.audience import sync_lists
from mailer.store.database import open_store
from tests.sending.house import settings_of
from tests.world import LISTS, World

UNLIMITED = resource.RLIM_INFINITY
ROOM = 8192  # octets left


def main(path: Path, port: int, mailing_id: int) -> None:
    store = open_store("", path)
    with store.write() as connection:
        lists = sync_lists(connection, LISTS)
    world = World(store, lists, approval=None)  # type: ignore[arg-type]
    log = path.with_name(path.name + "-wal")

    def fill(*_signal: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + ROOM, UNLIMITED))

    def free(*_signal: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))

    signal.signal(signal.SIGUSR1, fill)
    signal.signal(signal.SIGUSR2, free)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    asyncio.run(run_sender(settings_of(world, {"main": (port, {})}), store, asyncio.Event(), only=mailing_id))
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
