"""Whatever a job does in the child, its caller gets the result or one clear error, in time, and the next job runs."""

import ctypes
import functools
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import mailer.errors
from mailer.child import Child, Limits
from mailer.errors import ChildError, IssueError, LimitError, MailerError
from mailer.i18n import _, use_language
from tests.conftest import REPOSITORY

LIMITS = Limits(seconds=30, megabytes=100, doing="Reading the document", file="notes.docx", cure="save it anew")
EASY = Limits(seconds=60)  # the usual three seconds are not what is tested
QUICK = replace(LIMITS, seconds=0.5)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child(["mailer.model.issue"]) as child:
        yield child


def add(one: int, other: int = 1) -> int:
    return one + other


def fill_memory() -> int:
    pieces = []
    while True:
        pieces.append(bytearray(1_000_000))


def crash() -> None:
    ctypes.string_at(0)


def recurse(depth: int = 0) -> int:
    return recurse(depth + 1) + 1


def give_lambda() -> Callable[[], int]:
    return lambda: 1


def refuse() -> None:
    raise IssueError("no title", file=Path("issue.md"), line=3, field="title", cure="write one")


def fail() -> None:
    raise KeyError("something")


def translated() -> str:
    return _("reader")


@functools.lru_cache(maxsize=1)
def remember() -> tuple[int, float]:
    return os.getpid(), time.monotonic()


def list_files() -> list[str]:
    files = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd") if int(name) > 2)
    return [os.readlink(file) for file in files if file.is_symlink()]


def start_grandchild() -> None:
    subprocess.Popen(["/bin/sh", "-c", "sleep 60; echo"]).wait()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(*pids: int) -> None:
    ends_at = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < ends_at, "a process outlives its parent"
        time.sleep(0.02)


def test_a_result_comes_back_from_another_process(child: Child) -> None:
    assert child.run(EASY, add, 2, other=3) == 5
    assert child.run(EASY, os.getpid) not in (os.getpid(), os.getppid())
    assert child.run(EASY, bytes, 3_000_000) == bytes(3_000_000)


def test_caches_are_kept_between_jobs(child: Child) -> None:
    assert child.run(EASY, remember) == child.run(EASY, remember)


def test_a_job_that_never_ends_is_ended_and_the_next_one_runs(child: Child) -> None:
    before = child.run(EASY, os.getpid)
    with pytest.raises(LimitError) as caught:
        child.run(QUICK, time.sleep, 60)
    assert str(caught.value) == "notes.docx: Reading the document takes longer than 0.5 s"
    assert caught.value.cure == "save it anew"
    assert child.run(LIMITS, os.getpid) != before
    wait_until_gone(before)


@pytest.mark.parametrize("job", [fill_memory, functools.partial(bytearray, 10**9), functools.partial(bytes, 10**13)])
def test_a_job_that_fills_the_memory_is_ended(child: Child, job: Callable[[], object]) -> None:
    with pytest.raises(LimitError, match="needs more than 100 MB of memory"):
        child.run(Limits(10, 100), job)
    assert child.run(EASY, add, 1) == 2


def test_memory_that_no_limit_of_the_system_counts_is_seen_by_the_parent(child: Child) -> None:
    with pytest.raises(LimitError, match="needs more than 100 MB of memory"):
        child.run(Limits(20, 100), fill_shared_memory)


def fill_shared_memory() -> None:
    import mmap

    area = mmap.mmap(-1, 400_000_000)  # shared, so not counted by RLIMIT_DATA
    for at in range(0, 400_000_000, 4096):
        area[at] = 1
    time.sleep(60)


def test_each_job_has_limits_of_its_own(child: Child) -> None:
    with pytest.raises(LimitError):
        child.run(Limits(10, 100), len_of_bytes, 150_000_000)
    assert child.run(Limits(10, 300), len_of_bytes, 110_000_000) == 110_000_000


def len_of_bytes(count: int) -> int:
    return len(bytearray(count))


def test_a_worker_that_keeps_much_memory_is_replaced_for_a_job_that_may_need_it(child: Child) -> None:
    before = child.run(EASY, os.getpid)
    child.run(EASY, hoard)
    assert child.run(Limits(60, megabytes=1000), os.getpid) == before
    assert child.run(Limits(60, megabytes=200), os.getpid) != before
    assert child.run(Limits(60, megabytes=200), len_of_bytes, 110_000_000) == 110_000_000


_HOARD: list[bytearray] = []


def hoard() -> None:
    _HOARD.append(bytearray(b"x" * 100_000_000))


def test_a_crash_is_a_clear_error_with_a_trace_for_the_log(child: Child, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ChildError) as caught:
        child.run(LIMITS, crash)
    assert str(caught.value) == "notes.docx: Reading the document failed: the child process was ended by SIGSEGV"
    assert "in crash" in caught.value.trace
    assert "in crash" in caplog.text
    assert child.run(LIMITS, add, 1) == 2


def test_an_exit_is_a_clear_error(child: Child) -> None:
    with pytest.raises(ChildError, match="ended with code 3"):
        child.run(LIMITS, os._exit, 3)
    with pytest.raises(ChildError, match="SystemExit"):
        child.run(LIMITS, sys.exit, 3)
    assert child.run(LIMITS, add, 1) == 2


def test_a_fault_of_ours_is_said_with_its_traceback(child: Child) -> None:
    with pytest.raises(ChildError, match="KeyError: 'something'") as caught:
        child.run(LIMITS, fail)
    assert "in fail" in caught.value.trace


def test_endless_recursion_is_a_limit(child: Child) -> None:
    with pytest.raises(LimitError, match="deeper than the program can follow"):
        child.run(LIMITS, recurse)


def test_a_result_that_is_too_long_is_a_limit(child: Child) -> None:
    with pytest.raises(LimitError, match="gives more than 100 MB"):
        child.run(Limits(10, 500), bytes, 100_000_001)


def test_an_error_of_our_tree_comes_back_as_itself(child: Child) -> None:
    with pytest.raises(IssueError) as caught:
        child.run(LIMITS, refuse)
    error = caught.value
    assert (error.message, error.file, error.line, error.field, error.cure) == (
        "no title", Path("issue.md"), 3, "title", "write one",
    )  # fmt: skip
    assert str(error) == "issue.md:3: title: no title"


def all_errors() -> list[type[MailerError]]:
    def below(kind: type[MailerError]) -> list[type[MailerError]]:
        return [kind, *(deeper for sub in kind.__subclasses__() for deeper in below(sub))]

    return [kind for kind in below(MailerError) if kind.__module__ == mailer.errors.__name__]


@pytest.mark.parametrize("kind", all_errors())
def test_every_error_of_our_tree_can_be_pickled(kind: type[MailerError]) -> None:
    error = kind("what", cure="cure", file=Path("a/b"), line=2, field="field")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_what_cannot_be_pickled_is_an_error_and_the_child_goes_on(child: Child) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        child.run(LIMITS, lambda: 1)
    with pytest.raises(ChildError, match="give_lambda gave what cannot be pickled"):
        child.run(LIMITS, give_lambda)
    assert child.run(LIMITS, add, 1) == 2


def test_the_child_speaks_the_callers_language(child: Child) -> None:
    assert child.run(EASY, translated) == "reader"
    use_language("zh_CN")
    assert child.run(EASY, translated) == "读者"
    use_language("en")
    assert child.run(EASY, translated) == "reader"


def test_the_child_works_in_the_callers_folder(child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child.run(EASY, os.getcwd)
    monkeypatch.chdir(tmp_path)
    assert child.run(EASY, os.getcwd) == str(tmp_path)


def test_two_threads_take_turns(child: Child) -> None:
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(child.run, EASY, add, number, 1000) for number in range(200)]
        assert [job.result() for job in jobs] == list(range(1000, 1200))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_has_nothing_of_its_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RELAY_PASSWORD", "secret")
    with socket.socket() as listener, (tmp_path / "file").open("w") as stream, Child() as child:
        os.set_inheritable(stream.fileno(), True)
        listener.listen()
        files = child.run(EASY, list_files)
        assert [name.partition(":")[0] for name in files] == ["socket"]
        assert "RELAY_PASSWORD" not in child.run(EASY, dict_of_environment)


def dict_of_environment() -> dict[str, str]:
    return dict(os.environ)


def test_the_child_does_not_hear_ctrl_c(child: Child) -> None:
    assert child.run(EASY, signal.getsignal, signal.SIGINT) is signal.SIG_IGN
    assert child.run(EASY, os.getsid, 0) != os.getsid(0)


def test_an_interrupted_job_leaves_a_child_that_works(child: Child) -> None:
    before = child.run(EASY, os.getpid)
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        child.run(Limits(10), time.sleep, 10)
    timer.join()
    assert child.run(EASY, add, 1) == 2
    wait_until_gone(before)


def test_what_a_job_started_ends_with_it(child: Child) -> None:
    with pytest.raises(LimitError):
        child.run(QUICK, start_grandchild)
    processes = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    mine = [line for line in processes.splitlines() if "sleep 60; echo" in line and "ps -eo" not in line]
    wait_until_gone(*(int(line.split()[0]) for line in mine))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("busy", [False, True])
def test_the_child_does_not_outlive_a_killed_parent(busy: bool) -> None:
    script = (
        "import os, sys, threading, time; from mailer.child import Child, Limits; child = Child();"
        "print(child.run(Limits(60), os.getpid), child.run(Limits(60), os.getppid), flush=True);"
        + ("child.run(Limits(60), time.sleep, 60)" if busy else "time.sleep(60)")
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    wait_until_gone(*pids)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_fork_server_takes_its_worker_along_and_is_replaced() -> None:
    with Child() as child:
        worker, server = child.run(EASY, os.getpid), child.run(EASY, os.getppid)
        os.kill(server, signal.SIGKILL)
        wait_until_gone(worker)
        with pytest.raises(ChildError):
            child.run(EASY, add, 1)
        assert child.run(EASY, add, 1) == 2


def test_a_closed_child_starts_anew_and_a_forgotten_one_ends() -> None:
    child = Child()
    before = child.run(EASY, os.getpid)
    child.close()
    child.close()
    wait_until_gone(before)
    after = child.run(EASY, os.getpid)
    assert after != before
    del child
    gc.collect()
    wait_until_gone(after)


def test_a_module_that_cannot_be_imported_is_said() -> None:
    with (
        Child(["mailer.nosuch"]) as child,
        pytest.raises(ChildError, match="could not be started, or was killed") as caught,
    ):
        child.run(EASY, add, 1)
    assert "ModuleNotFoundError" in caught.value.trace


def test_the_child_may_be_started_ahead_of_its_first_job() -> None:
    with Child() as child:
        child.start()
        child.start()
        assert child.run(EASY, add, 1) == 2
