"""The parent's side: hands jobs to the warm worker, watches its time and memory, and makes errors of its failures."""

import logging
import os
import pickle
import signal
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

from mailer.child.frames import MOST_OCTETS, Failure, Fault, Job, TooLongError, receive_frame, send_frame
from mailer.child.server import Server, ServerLostError
from mailer.errors import ChildError, LimitError, MailerError
from mailer.i18n import _, current_language

_LOG = logging.getLogger(__name__)
_HAS_PROC = os.path.exists("/proc/self/statm")
_LOOK_SECONDS = 0.02 if _HAS_PROC else 0.2  # between two looks at the worker's memory
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take, and what an error says of it.

    seconds are of the wall clock; megabytes (of 2^20) are the child's whole resident memory, its libraries (some 100)
    with it. doing is what is being done, as a user says it (“reading the document”); file and cure go into the error.
    """

    seconds: float = 3.0
    megabytes: int = 300
    doing: str = ""
    file: Path | str | None = None
    cure: str = ""


class Child:
    """One warm child process, started at the first job; safe to call from several threads, one job at a time.

    preload are modules to import before the first job. A worker that breaks a limit, dies or keeps much memory is
    replaced, by a fork that has the imports done; what it had cached is gone with it. The child has no file, socket or
    secret of the parent's, and ends with it. It guards against accidents and hostile data, not against hostile code: a
    result is unpickled by the parent.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        self._preload = tuple(preload)
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._server: Server | None = None
        self._worker: _Worker | None = None
        self._finalizer: weakref.finalize[..., Child] | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to start the child and return at once, so that it warms up while the caller does other things."""
        with self._lock:
            self._start()

    def run(self, limits: Limits, function: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Return what the function returns, run in the child with the caller's language and folder.

        The function is named by its module, arguments and result are pickled. Errors of our tree come back as
        themselves. Raises LimitError for a job that exceeds its limits, nests too deeply or returns over 100 MB, and
        ChildError, logged with its traceback, for whatever else goes wrong there.
        """
        call = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            try:
                result = self._run(limits, call)
            except ServerLostError as error:
                self._drop_server()
                raise _unforeseen(
                    limits, _("the child process could not be started, or was killed"), str(error)
                ) from None
        if isinstance(result, Failure):
            _raise_failure(limits, result)
        if isinstance(result, MailerError):
            raise result
        return cast("_R", result)

    def close(self) -> None:
        """End the child; a later job starts a new one."""
        with self._lock:
            self._drop_server()

    def _run(self, limits: Limits, call: bytes) -> Any:
        try:
            if self._worker and self._worker.is_burdened(limits):
                self._drop_worker()
            worker = self._ready_worker()
        except BaseException:
            self._drop_server()  # also at Ctrl-C: an answer of the server may be on its way
            raise
        try:
            answer = worker.ask(limits, call)
            result = self._explain_death() if answer is None else pickle.loads(answer)  # noqa: S301 - our child's
        except BaseException:
            self._drop_worker()  # also at Ctrl-C: it is still busy with this job
            raise
        if isinstance(result, Failure):
            self._drop_worker()
        return result

    def _start(self) -> Server:
        if self._owner != os.getpid() and self._server:
            self._forget_server()
        if self._server is None:
            self._owner = os.getpid()
            self._server = Server(self._preload)
            self._finalizer = weakref.finalize(self, _stop, self._server, self._owner)
        return self._server

    def _ready_worker(self) -> "_Worker":
        if self._worker is None or self._owner != os.getpid():
            try:
                self._worker = _Worker(*self._start().fork())
            except ServerLostError:
                if self._server is None or not self._server.ready:
                    raise
                self._drop_server()  # somebody killed it since; once more
                self._worker = _Worker(*self._start().fork())
        return self._worker

    def _explain_death(self) -> Failure:
        server = self._server
        assert server is not None
        status = self._drop_worker()
        complaint = server.complaint()
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        # Rust gives up with SIGABRT where Python raises MemoryError; SIGKILL is the system's own want of memory
        if number == signal.SIGKILL or (number == signal.SIGABRT and "memory allocation of" in complaint):
            return Failure(Fault.MEMORY, "", complaint)
        if number:
            name = signal.Signals(number).name
            return Failure(
                Fault.UNFORESEEN, _("the child process was ended by {signal}").format(signal=name), complaint
            )
        code = os.waitstatus_to_exitcode(status)
        return Failure(Fault.UNFORESEEN, _("the child process ended with code {code}").format(code=code), complaint)

    def _drop_worker(self) -> int:
        self._worker = None
        return self._server.reap() if self._server else 0

    def _drop_server(self) -> None:
        if self._owner != os.getpid():
            self._forget_server()
        if self._finalizer is not None:
            self._finalizer()
        self._server, self._worker, self._finalizer = None, None, None

    def _forget_server(self) -> None:
        if self._finalizer is not None:
            self._finalizer.detach()
        if self._server is not None:
            self._server.abandon()
        self._server, self._worker, self._finalizer = None, None, None


class _Worker:
    """A forked worker as the parent sees it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self.channel = channel
        self._fresh = resident_octets(pid)
        self._looked = False

    def ask(self, limits: Limits, call: bytes) -> bytearray | None:
        """Return the pickled answer, None when the worker died; LimitError when it takes too long or too much."""
        ends_at = time.monotonic() + limits.seconds

        def watch() -> None:
            self._looked = True
            if time.monotonic() > ends_at:
                raise _limit_error(limits, Fault.TIME)
            if resident_octets(self.pid) > limits.megabytes << 20:
                raise _limit_error(limits, Fault.MEMORY)

        try:
            folder = os.getcwd()
        except OSError:
            folder = None
        job = Job(call, current_language(), folder, limits.seconds, limits.megabytes)
        self.channel.settimeout(limits.seconds)
        try:
            send_frame(self.channel, pickle.dumps(job))
        except TimeoutError:
            raise _limit_error(limits, Fault.TIME) from None
        except OSError:
            return None  # it died
        self.channel.settimeout(_LOOK_SECONDS)
        try:
            return receive_frame(self.channel, watch)
        except TooLongError:
            raise _limit_error(limits, Fault.SIZE) from None

    def is_burdened(self, limits: Limits) -> bool:
        """True when earlier jobs left so much memory in use that a job with these limits would miss half of its own."""
        if not _HAS_PROC and not self._looked:
            return False  # a look costs a process there, and short jobs rarely leave much
        return 2 * (resident_octets(self.pid) - self._fresh) > (limits.megabytes << 20) - self._fresh


def resident_octets(pid: int) -> int:
    """Return the resident memory of a process, 0 when it is gone or cannot be looked at."""
    if _HAS_PROC:
        try:
            with open(f"/proc/{pid}/statm", "rb") as stream:
                return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0
    ps = subprocess.run(["/bin/ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return int(ps.stdout) * 1024 if ps.stdout.strip().isdigit() else 0


def _raise_failure(limits: Limits, failure: Failure) -> NoReturn:
    if failure.fault is Fault.UNFORESEEN:
        raise _unforeseen(limits, failure.why, failure.trace)
    raise _limit_error(limits, failure.fault)


def _limit_error(limits: Limits, fault: Fault) -> LimitError:
    doing = limits.doing or _("this work")
    match fault:
        case Fault.TIME:
            message = _("{doing} takes longer than {n} s").format(doing=doing, n=f"{limits.seconds:g}")
        case Fault.MEMORY:
            message = _("{doing} needs more than {n} MB of memory").format(doing=doing, n=limits.megabytes)
        case Fault.DEPTH:
            message = _("{doing} goes deeper than the program can follow").format(doing=doing)
        case _:
            message = _("{doing} gives more than {n} MB").format(doing=doing, n=MOST_OCTETS // 1_000_000)
    cure = limits.cure or _("make it smaller or simpler")
    return LimitError(message, file=limits.file, cure=cure)


def _unforeseen(limits: Limits, why: str, trace: str) -> ChildError:
    doing = limits.doing or _("this work")
    error = ChildError(
        _("{doing} failed: {why}").format(doing=doing, why=why),
        file=limits.file,
        cure=limits.cure or _("this is a fault of the program; please report it with what the log says"),
    )
    error.trace = trace
    _LOG.error("%s\n%s", error, trace)
    return error


def _stop(server: Server, owner: int) -> None:
    if owner == os.getpid():
        server.stop()
