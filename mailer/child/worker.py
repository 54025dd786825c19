"""The other side: the fork server's loop, and the worker that runs jobs under limits until its parent is gone."""

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import os
import pickle
import resource
import select
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from mailer.child.frames import MOST_OCTETS, Failure, Fault, Job, receive_frame, send_frame
from mailer.errors import MailerError
from mailer.i18n import use_language

_MEGABYTE = 1 << 20
_MOST_FILE_OCTETS = 256 * _MEGABYTE
_SPARE_CPU_SECONDS = 10  # the parent's clock comes first; this one is for a child that lost its parent
_PR_SET_PDEATHSIG = 1


def serve(descriptor: int) -> NoReturn:
    """Import what the parent names, then fork (f) and kill (k) as it says; end when it is gone.

    Stays free of threads, so that a fork copies a whole process.
    """
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    preload = receive_frame(control)
    if preload is None:
        os._exit(0)
    try:
        for name in preload.decode().split():
            importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - the parent says what it was
        _answer(control, "!" + traceback.format_exc())
        os._exit(1)
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page the workers share
    _answer(control, "ready")
    worker = 0
    while True:
        if not select.select([control], [], [], 1.0)[0]:
            if os.getppid() != parent:
                break
            continue
        try:
            order, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        except ConnectionError:
            break
        if not order:
            break
        if order == b"f":
            worker = _fork(control, descriptors[0])
            _answer(control, str(worker))
        else:
            _answer(control, str(_kill(worker)))
            worker = 0
    _kill(worker)
    os._exit(0)


def _answer(control: socket.socket, text: str) -> None:
    try:
        send_frame(control, text.encode())
    except OSError:
        os._exit(0)


def _fork(control: socket.socket, descriptor: int) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            control.close()
            _die_with(server)
            work(socket.socket(fileno=descriptor))
        finally:
            os._exit(1)
    os.close(descriptor)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # whoever is first
    return pid


def _kill(worker: int) -> int:
    """Kill the worker with all it started; it is ours and not waited for yet, so its number is nobody else's."""
    if not worker:
        return 0
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(worker, signal.SIGKILL)
    return os.waitpid(worker, 0)[1]


def _die_with(server: int) -> None:
    """Ask Linux to kill this process when the fork server ends; other systems have the limit of CPU time."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(0)


def work(channel: socket.socket) -> NoReturn:
    """Run jobs one after the other until the parent is gone."""
    _set_limit(resource.RLIMIT_FSIZE, _MOST_FILE_OCTETS)
    while (frame := receive_frame(channel)) is not None:
        job: Job = pickle.loads(frame)  # noqa: S301 - from our parent
        del frame
        answer = _run(job)
        _set_limit(resource.RLIMIT_DATA, resource.RLIM_INFINITY)
        try:
            send_frame(channel, answer)
        except OSError:
            break
        del answer
    os._exit(0)


def _run(job: Job) -> bytes:
    use_language(job.language)
    if job.folder is not None:
        with contextlib.suppress(OSError):
            os.chdir(job.folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + job.seconds) + _SPARE_CPU_SECONDS)
    _set_limit(resource.RLIMIT_DATA, max(job.megabytes * _MEGABYTE - _file_octets(), _MEGABYTE))
    try:
        return _call(job.call)
    except MemoryError:
        return pickle.dumps(Failure(Fault.MEMORY, "", ""))
    except RecursionError:
        return pickle.dumps(Failure(Fault.DEPTH, "", traceback.format_exc(limit=-20)))
    except BaseException as error:  # noqa: BLE001 - also SystemExit: the worker goes on
        why = f"{type(error).__name__}: {error}"[:500]
        return pickle.dumps(Failure(Fault.UNFORESEEN, why, traceback.format_exc(limit=-50)))


def _call(call: bytes) -> bytes:
    function, args, kwargs = pickle.loads(call)  # noqa: S301
    result: Any
    try:
        result = function(*args, **kwargs)
    except MailerError as error:
        error.__traceback__ = None
        result = error
    try:
        answer = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise TypeError(f"{function.__qualname__} gave what cannot be pickled: {error}") from error
    if len(answer) > MOST_OCTETS:
        return pickle.dumps(Failure(Fault.SIZE, "", ""))
    return answer


def _set_limit(kind: int, amount: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and (amount == resource.RLIM_INFINITY or amount > hard):
        amount = hard
    with contextlib.suppress(OSError, ValueError):  # some systems take no limit of this kind; the parent looks too
        resource.setrlimit(kind, (amount, hard))


def _file_octets() -> int:
    """Return how much of this process is files in memory (its libraries), which RLIMIT_DATA does not count."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[2]) * resource.getpagesize()
    except OSError:
        return 0
