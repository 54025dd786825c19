"""An SMTP server that outlives the senders it serves: it pipelines, greylists, drops connections, and keeps a record.

Started as a process of its own. Its record is a file with one JSON object a line for each message that came whole,
written before its reply: to, id (Message-ID), sha256, opened (when the connection was), answered.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

GREETING = b"250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n"
LARGEST = 2**22


@dataclass(frozen=True)
class Copy:
    """A message that came whole. answered False: the server dropped the connection instead of a reply."""

    to: str
    id: str
    sha256: str
    opened: float
    answered: bool


@dataclass
class Relay:
    """What the server does to mail: seconds before it answers a dot, shares of mail it greylists or drops."""

    record: int
    wait_s: float
    greylist: float
    drop: float
    dice: random.Random
    asked: set[str] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves or is dropped."""
        opened = time.time()
        writer.write(b"220 relay.example\r\n")
        try:
            await self._talk(reader, writer, opened)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opened: float) -> None:
        recipient, fate = "", ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(GREETING)
            elif verb == b"MAIL":
                recipient = ""
                fate = self.dice.choice(["rcpt", "body", "dot", "reply"]) if self.dice.random() < self.drop else ""
                writer.write(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT":
                if fate == "rcpt":
                    return
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                if self._greylists(recipient):
                    recipient = ""
                    writer.write(b"451 4.7.1 greylisted, try again later\r\n")
                else:
                    writer.write(b"250 2.1.5 ok\r\n")
            elif verb == b"DATA" and not recipient:
                writer.write(b"554 5.5.1 no valid recipients\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                if not await self._take(reader, recipient, fate, opened):
                    return
                await asyncio.sleep(self.wait_s * self.dice.uniform(0.5, 1.5))
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                await writer.drain()
                return
            else:
                writer.write(b"250 2.0.0 ok\r\n")

    def _greylists(self, recipient: str) -> bool:
        """Say no to the first try of a share of recipients, the same ones whenever they come."""
        share = int(hashlib.sha256(recipient.encode()).hexdigest()[:8], 16) / 2**32
        first = recipient not in self.asked
        self.asked.add(recipient)
        return first and share < self.greylist

    async def _take(self, reader: asyncio.StreamReader, recipient: str, fate: str, opened: float) -> bool:
        """Read a message and put it on record; False when the connection is to be dropped."""
        if fate == "body":
            await reader.readexactly(1000)
            return False
        octets = await reader.readuntil(b"\r\n.\r\n")
        if fate == "dot":  # as if it went down before the message was safe
            return False
        message_id = str(message_from_bytes(octets[: octets.index(b"\r\n\r\n") + 4])["Message-ID"])
        copy = Copy(recipient, message_id, hashlib.sha256(octets).hexdigest(), opened, answered=not fate)
        os.write(self.record, json.dumps(copy.__dict__).encode() + b"\n")
        return copy.answered


@contextlib.contextmanager
def running_relay(record: Path, wait_s: float, greylist: float, drop: float, seed: int) -> Iterator[int]:
    """A server in a process of its own on a free port, which is given."""
    command = [sys.executable, "-m", "benchmarks.bench_relay", str(record), "--wait", str(wait_s)]
    command += ["--greylist", str(greylist), "--drop", str(drop), "--seed", str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def read_record(record: Path) -> list[Copy]:
    """Return the messages that came whole, in the order in which they came."""
    return [Copy(**json.loads(line)) for line in record.read_text("utf-8").splitlines()]


async def _serve(relay: Relay) -> None:
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, limit=LARGEST)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("record", type=Path)
    parser.add_argument("--wait", type=float, default=0.0)
    parser.add_argument("--greylist", type=float, default=0.0)
    parser.add_argument("--drop", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    record = os.open(chosen.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    dice = random.Random(chosen.seed)
    asyncio.run(_serve(Relay(record, chosen.wait, chosen.greylist, chosen.drop, dice)))


if __name__ == "__main__":
    main()
