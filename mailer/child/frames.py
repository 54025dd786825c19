"""What parent and child say to each other over a socket: whole frames, each led by its length, and what is in them."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

MOST_OCTETS = 100_000_000  # of one frame: a longer result is refused
_HEAD = 8
_PIECE = 1 << 20


class Fault(Enum):
    """Why a job has no result, where it is not an error of our own tree."""

    TIME = "time"  # the parent's clock
    MEMORY = "memory"  # an allocation was refused, or the parent saw too much
    DEPTH = "depth"  # nested deeper than Python goes
    SIZE = "size"  # the result is longer than a frame may be
    UNFORESEEN = "unforeseen"  # any other exception


@dataclass(frozen=True, slots=True)
class Job:
    """What the child is told before each call; `call` is the pickled function with its arguments."""

    call: bytes
    language: str
    folder: str | None  # where relative paths begin
    seconds: float
    megabytes: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A job's end without a result: the kind, one line for the user, and the traceback for the log."""

    fault: Fault
    why: str
    trace: str


class TooLongError(Exception):
    """A frame is longer than MOST_OCTETS."""


def send_frame(channel: socket.socket, payload: bytes) -> None:
    """Send one frame; OSError when the other side is gone, TimeoutError by the channel's timeout."""
    channel.sendall(len(payload).to_bytes(_HEAD, "big"))
    channel.sendall(payload)


def receive_frame(channel: socket.socket, watch: Callable[[], None] = lambda: None) -> bytearray | None:
    """Return the next frame, None when the other side is gone; `watch` is called whenever the channel times out."""
    head = _receive(channel, _HEAD, watch)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > MOST_OCTETS:
        raise TooLongError
    return _receive(channel, length, watch)


def _receive(channel: socket.socket, length: int, watch: Callable[[], None]) -> bytearray | None:
    received = bytearray()
    while len(received) < length:
        try:
            piece = channel.recv(min(_PIECE, length - len(received)))
        except TimeoutError:
            watch()
            continue
        except ConnectionError:
            return None
        if not piece:
            return None
        received += piece
    return received
